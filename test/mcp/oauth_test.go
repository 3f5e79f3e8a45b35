package mcp

import (
	"crypto/ed25519"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"websocketd/test/harness"
)

// issuer is an OAuth server (RFC 8414) that gives ada a token for whatever she asks for.
type issuer struct {
	*httptest.Server
	key ed25519.PrivateKey

	mu    sync.Mutex
	asked []string // the resources
}

func newIssuer(t *testing.T) *issuer {
	t.Helper()
	_, key, _ := ed25519.GenerateKey(nil)
	i := &issuer{key: key}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/oauth-authorization-server", func(w http.ResponseWriter, r *http.Request) {
		answerJSON(w, map[string]any{
			"issuer": i.URL, "authorization_endpoint": i.URL + "/authorize", "token_endpoint": i.URL + "/token", "response_types_supported": []string{"code"},
			"grant_types_supported": []string{"client_credentials"}, "token_endpoint_auth_methods_supported": []string{"client_secret_basic"},
		})
	})
	mux.HandleFunc("POST /token", func(w http.ResponseWriter, r *http.Request) {
		resource := r.FormValue("resource")
		i.mu.Lock()
		i.asked = append(i.asked, resource)
		i.mu.Unlock()
		user, secret, _ := r.BasicAuth()
		if user != "ada" || secret != "secret" || r.FormValue("grant_type") != "client_credentials" {
			http.Error(w, `{"error":"invalid_client"}`, http.StatusUnauthorized)
			return
		}
		claims := map[string]any{"iss": i.URL, "sub": user, "aud": resource, "exp": time.Now().Unix() + 3600}
		answerJSON(w, map[string]any{"access_token": harness.JWT(i.key, claims), "token_type": "Bearer", "expires_in": 3600})
	})
	i.Server = httptest.NewServer(mux)
	t.Cleanup(i.Close)
	return i
}

func answerJSON(w http.ResponseWriter, document any) {
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(document)
}

// A client that has no token is told who issues one, asks for one for the URL that it is at, and
// is let in with that: npm's two generations find the whole way by themselves.
func TestNodeClientGetsToken(t *testing.T) {
	t.Parallel()
	harness.Need(t, "node22:mcp")
	for _, generation := range []string{"1", "2"} {
		t.Run(generation, func(t *testing.T) {
			t.Parallel()
			i := newIssuer(t)
			dir := t.TempDir()
			harness.WriteFile(t, filepath.Join(dir, "keys.pem"), harness.PublicKeys(t, i.key), 0o644)
			s := harness.Start(t, harness.Binary(t), "--mcp", "--oauthserver="+i.URL, "--jwtkey="+dir+"/keys.pem", "--jwtissuer="+i.URL, sdkServer(t))
			url := "http://localhost:" + strconv.Itoa(s.Port) + "/some/mcp"
			cmd := exec.CommandContext(harness.Context(t), harness.Node22(t), filepath.Join(harness.MCPDir(), "oauth.mjs"), url, generation)
			stderr := &harness.Lines{}
			cmd.Stderr = stderr
			if out, err := cmd.Output(); string(out) != "hello" {
				t.Errorf("%q, %v\n%s", out, err, stderr)
			}
			i.mu.Lock()
			defer i.mu.Unlock()
			if len(i.asked) != 1 || i.asked[0] != url {
				t.Errorf("tokens were asked for %q, not one for %s", i.asked, url)
			}
			s.Out.Await(t, "user:'ada'")
		})
	}
}
