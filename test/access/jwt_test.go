package access

import (
	"crypto"
	"crypto/ed25519"
	"encoding/base64"
	"maps"
	"strings"
	"testing"
	"time"

	"websocketd/test/harness"
)

// jwtKind is the row of JSON Web Tokens. Its keys are made anew in every run.
func jwtKind() kind {
	_, key, _ := ed25519.GenerateKey(nil)
	_, other, _ := ed25519.GenerateKey(nil)
	ann, bob := signed(key, nil), signed(key, map[string]any{"sub": "bob"})
	fresh, expired := signed(other, nil), signed(key, map[string]any{"exp": time.Now().Unix() - 60})
	_, rest, _ := strings.Cut(ann, ".")
	none := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`)) + "." + rest
	return kind{
		name: "jwt", authType: "Bearer",
		flags: func(t *testing.T, h *house) []string {
			h.write(t, "jwt.pem", harness.PublicKeys(t, key))
			return []string{"--jwtkey=jwt.pem", "--jwtaudience=here", "--jwtissuer=us"}
		},
		ann:     []proof{bearer(ann), offered(ann)},
		bob:     []proof{bearer(bob), offered(bob)},
		secrets: []string{ann, bob, fresh, expired},
		refused: map[int][]proof{
			401: {
				bearer(expired), offered(expired), bearer(fresh), bearer(none), bearer(none[:strings.LastIndexByte(none, '.')+1]), bearer(ann + "A"),
				bearer(signed(key, map[string]any{"aud": "there"})), bearer(signed(key, map[string]any{"iss": "them"})),
				bearer(signed(key, map[string]any{"nbf": time.Now().Unix() + 300})), bearer(signed(key, map[string]any{"exp": nil})),
				bearer("a.b.c"), basic("ann", ann),
			},
			400: {line("Authorization: Bearer " + ann + " " + ann)},
			403: {{query: "token=" + ann}},
		},
		anonymous: 401,
		change: func(t *testing.T, h *house) proof {
			h.write(t, "jwt.pem", harness.PublicKeys(t, other))
			return bearer(fresh)
		},
	}
}

// signed returns one of ann's with some claims of its own.
func signed(key crypto.Signer, more map[string]any) string {
	claims := map[string]any{"sub": "ann", "aud": []string{"elsewhere", "here"}, "iss": "us", "exp": time.Now().Unix() + 3600}
	maps.Copy(claims, more)
	return harness.JWT(key, claims)
}
