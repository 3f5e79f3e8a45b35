package access

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"fmt"
	"maps"
	"path/filepath"
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
		file:      "jwt.pem",
		change: func(t *testing.T, h *house) proof {
			h.write(t, "jwt.pem", harness.PublicKeys(t, other))
			return bearer(fresh)
		},
	}
}

// signed returns one of ann's with some claims of its own.
func signed(key any, more map[string]any, header ...map[string]any) string {
	claims := map[string]any{"sub": "ann", "aud": []string{"elsewhere", "here"}, "iss": "us", "exp": time.Now().Unix() + 3600}
	maps.Copy(claims, more)
	return harness.JWT(key, claims, header...)
}

// TestJWTKeys: each file of keys takes tokens of its own algorithm, signed with its own key,
// and no others; nor does a token choose for itself.
func TestJWTKeys(t *testing.T) {
	t.Parallel()
	_, ed, _ := ed25519.GenerateKey(nil)
	rsaKey, _ := rsa.GenerateKey(rand.Reader, 2048)
	ec, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	secret := []byte("a secret of thirty-two bytes, or more")
	pem := harness.PublicKeys(t, rsaKey)
	signers := map[string]any{"EdDSA": ed, "RS256": rsaKey, "ES256": ec, "HS256": secret, "of the PEM": []byte(pem)}
	none := signed(secret, nil, map[string]any{"alg": "none"})
	for name, file := range map[string]struct{ text, takes string }{
		"RSA":              {pem, "RS256"},
		"P-256":            {harness.PublicKeys(t, ec), "ES256"},
		"Ed25519":          {harness.PublicKeys(t, ed), "EdDSA"},
		"secret":           {string(secret) + "\n", "HS256"},
		"a set of secrets": {fmt.Sprintf(`{"keys":[{"kty":"oct","k":%q}]}`, base64.RawURLEncoding.EncodeToString(secret)), "HS256"},
		"a key set": {fmt.Sprintf(`{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"one","x":%q}]}`,
			base64.RawURLEncoding.EncodeToString(ed.Public().(ed25519.PublicKey))), "EdDSA"},
	} {
		keys := filepath.Join(t.TempDir(), "keys")
		harness.WriteFile(t, keys, file.text, 0o600)
		s := harness.Start(t, harness.Binary(t), "--jwtkey="+keys, "--jwtaudience=here", "--jwtalg="+file.takes, "cat")
		ask := func(token string) int {
			c := s.DialFrom(t, ownAddress())
			c.Send(t, bearer(token).on(harness.Handshake("/")).String())
			if err := c.ReadResponse(); err != nil {
				t.Fatal(err)
			}
			return c.Status()
		}
		own := signers[file.takes]
		if got := ask(signed(own, nil)); got != 101 {
			t.Errorf("%s: its own token is answered %d", name, got)
		}
		forged := []string{none, none[:strings.LastIndexByte(none, '.')+1], signed(own, nil, map[string]any{"crit": []string{"x"}}),
			signed(own, nil, map[string]any{"alg": "RS512"}), signed(own, map[string]any{"pad": strings.Repeat("x", 16<<10)})}
		for alg, key := range signers {
			if alg != file.takes {
				forged = append(forged, signed(key, nil), signed(key, nil, map[string]any{"alg": file.takes}))
			}
		}
		if name == "a key set" {
			forged = append(forged, signed(own, nil, map[string]any{"kid": "two"}))
		}
		for _, token := range forged {
			if got := ask(token); got != 401 {
				t.Errorf("%s: the forged token %.300s is answered %d", name, token, got)
			}
		}
		if got := ask(signed(own, nil, map[string]any{"kid": "one"})); got != 101 {
			t.Errorf("%s: its own token with a kid is answered %d", name, got)
		}
	}
}
