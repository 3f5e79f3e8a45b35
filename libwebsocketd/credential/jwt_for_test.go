package credential

import (
	"fmt"
	"net/http"
	"net/url"
	"testing"

	"websocketd/libwebsocketd/gate"
)

// TestJWTForWhat: without an Audience, a token is for the requests whose audience it has, also
// when it is remembered.
func TestJWTForWhat(t *testing.T) {
	file := written(t, pemOf("ed25519"))
	j, err := NewJWT(file, JWTOptions{For: func(r *http.Request, from gate.Client, audience string) bool {
		return audience == r.URL.Path && from.Secure
	}}, func(err error) { t.Error(err) })
	if err != nil {
		t.Fatal(err)
	}
	token := func(aud any) string { return sign("EdDSA", signers()["ed25519"], with("aud", aud), nil) }
	const other = "401 the token is for another audience"
	for _, test := range []struct{ token, path, want string }{
		{token("/a"), "/a", "ann"}, {token("/a"), "/b", other}, {token([]string{"/a", "/b"}), "/b", "ann"},
		{token([]string{}), "/a", other}, {token(nil), "/a", other}, {token(""), "/a", other}, {token([]any{"/a", 7}), "/a", other},
	} {
		for range 2 {
			r := &http.Request{URL: &url.URL{Path: test.path}}
			for secure, want := range map[bool]string{true: test.want, false: other} {
				who, refusal := j.Identify(r, gate.Client{Secure: secure}, bearer(test.token))
				got := who.User
				if refusal != nil {
					got = fmt.Sprint(refusal.Status, " ", refusal.Reason)
				}
				if got != want {
					t.Errorf("%s, secure %v: %s, want %s", test.path, secure, got, want)
				}
			}
		}
	}
}
