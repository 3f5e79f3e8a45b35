package cli

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"websocketd/test/harness"
)

// jwtKeys are a key of ada's, for EdDSA, and one of bob's, for ES256.
var jwtKeys = sync.OnceValue(func() map[string]crypto.Signer {
	_, ada, _ := ed25519.GenerateKey(rand.Reader)
	bob, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	return map[string]crypto.Signer{"ada": ada, "bob": bob}
})

// withJWT is a handshake that shows a token of a user, signed with the user's key. The claim
// with a name is the user as well.
func withJWT(user, name string) harness.Request {
	claims := map[string]any{"sub": user, "aud": "here", "exp": time.Now().Unix() + 3600, "email": user + "@example.com", "name": "Ada", name: user}
	return harness.Handshake("/").Add("Authorization", "Bearer "+harness.JWT(jwtKeys()[user], claims))
}

// jwtServer is a server that knows the keys of both, for the audience here if none is given.
func jwtServer(t *testing.T, o harness.Options, audience ...string) *harness.Server {
	keys := filepath.Join(t.TempDir(), "keys.pem")
	harness.WriteFile(t, keys, harness.PublicKeys(t, jwtKeys()["ada"], jwtKeys()["bob"]), 0o644)
	o.Args = append(append([]string{"--jwtkey=" + keys}, audience...), o.Args...)
	return with(o, "env").Start(t)
}

// whoIsIn is which of ada and bob get in by a token that has their name in a claim.
func whoIsIn(t *testing.T, s *harness.Server, claim string) string {
	var in []string
	for _, user := range []string{"ada", "bob"} {
		if s.Ask(t, withJWT(user, claim)).Status() == 101 {
			in = append(in, user)
		}
	}
	return strings.Join(in, " ")
}

func whoseKey(t *testing.T, o harness.Options) string {
	if !isSet(o) {
		return "anyone"
	}
	o.Dir = t.TempDir()
	for user, key := range jwtKeys() {
		harness.WriteFile(t, filepath.Join(o.Dir, user+".pem"), harness.PublicKeys(t, key), 0o644)
	}
	o.Args = append([]string{"--jwtaudience=here"}, o.Args...)
	return whoIsIn(t, with(o, "cat").Start(t), "sub")
}

func whoseAudience(t *testing.T, o harness.Options) string { return whoIsIn(t, jwtServer(t, o), "aud") }

func whoseIssuer(t *testing.T, o harness.Options) string {
	return whoIsIn(t, jwtServer(t, o, "--jwtaudience=here"), "iss")
}

func whoseAlgorithm(t *testing.T, o harness.Options) string {
	return whoIsIn(t, jwtServer(t, o, "--jwtaudience=here"), "sub")
}

func whoseClaim(t *testing.T, o harness.Options) string {
	return jwtServer(t, o, "--jwtaudience=here").Environment(t, withJWT("ada", "sub"))["REMOTE_USER"]
}

// whoIssues is whom a client without a token is told to have one from.
func whoIssues(t *testing.T, o harness.Options) string {
	c := jwtServer(t, o, "--jwtaudience=here").Ask(t, harness.Get("/.well-known/oauth-protected-resource"))
	if c.Status() != 200 {
		return strconv.Itoa(c.Status())
	}
	var document struct {
		Issuers json.RawMessage `json:"authorization_servers"`
	}
	if err := json.Unmarshal([]byte(c.Body), &document); err != nil {
		t.Fatalf("%v: %s", err, c.Body)
	}
	return string(document.Issuers)
}

// namedByProxy is whom a trusted proxy's headers name.
func namedByProxy(t *testing.T, o harness.Options) string {
	o.Args = append([]string{"--trustproxy=127.0.0.1"}, o.Args...)
	env := with(o, "env").Start(t).Environment(t, harness.Handshake("/").Add("X-User", "ada").Add("X-Remote-User", "bob"))
	if env["REMOTE_USER"] == "" {
		return "nobody"
	}
	return env["REMOTE_USER"]
}
