package credential

import (
	"net/http"
	"strings"
	"testing"

	"websocketd/libwebsocketd/gate"
)

// TestHeader: whom a header names, and from whom that is believed.
func TestHeader(t *testing.T) {
	h, err := NewHeader("x-remote-user")
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name    string
		trusted bool
		header  http.Header
		user    string
		status  int
	}{
		{"named", true, http.Header{"X-Remote-User": {"ann"}}, "ann", 0},
		{"from a stranger", false, http.Header{"X-Remote-User": {"ann"}}, "", 0},
		{"twice, from a stranger", false, http.Header{"X-Remote-User": {"ann", "bob"}}, "", 0},
		{"not named", true, http.Header{}, "", 0},
		{"empty", true, http.Header{"X-Remote-User": {""}}, "", 0},
		{"twice", true, http.Header{"X-Remote-User": {"ann", "bob"}}, "", 400},
		{"the same twice", true, http.Header{"X-Remote-User": {"ann", "ann"}}, "", 400},
		{"empty, and the client's", true, http.Header{"X-Remote-User": {"", "root"}}, "", 400},
		{"another header", true, http.Header{"X-User": {"ann"}}, "", 0},
		{"a long one", true, http.Header{"X-Remote-User": {strings.Repeat("a", 257)}}, "", 401},
		{"not to be printed", true, http.Header{"X-Remote-User": {"a\x1bb"}}, "", 401},
		{"no UTF-8", true, http.Header{"X-Remote-User": {"a\xff"}}, "", 401},
		{"ending with a blank", true, http.Header{"X-Remote-User": {"ann "}}, "", 401},
		{"of a directory", true, http.Header{"X-Remote-User": {"CN=Zoë, O=acme"}}, "CN=Zoë, O=acme", 0},
	} {
		who, refusal := h.Identify(&http.Request{Header: test.header}, gate.Client{Trusted: test.trusted}, gate.Proof{})
		status := 0
		if refusal != nil {
			status = refusal.Status
		}
		if who.User != test.user || status != test.status || who.User != "" && who.Proof != "Proxy" {
			t.Errorf("%s: %+v, %v", test.name, who, refusal)
		}
	}
}

func TestCheckHeader(t *testing.T) {
	for name, good := range map[string]bool{
		"X-Remote-User": true, "remote-user": true, "X_User": true,
		"": false, "a b": false, "cookie": false, "AUTHORIZATION": false, "x-forwarded-for": false, "sec-websocket-protocol": false, "Host": false,
	} {
		if err := CheckHeader(name); (err == nil) != good {
			t.Errorf("%q: %v", name, err)
		}
	}
}
