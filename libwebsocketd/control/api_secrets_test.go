//go:build unix

package control

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/gorilla/websocket"

	"websocketd/libwebsocketd/gate"
)

// password is a credential that takes any password.
type password struct{}

func (password) Name() string      { return "password" }
func (password) Schemes() []string { return []string{"Basic"} }
func (password) Identify(_ *http.Request, _ gate.Client, shown gate.Proof) (gate.Identity, *gate.Refusal) {
	if shown.Scheme != "Basic" {
		return gate.Identity{}, nil
	}
	return gate.Identity{User: "ann", Proof: "Basic"}, nil
}

// TestNoSecrets: no document has what a client, the operator, or the environment keeps secret.
func TestNoSecrets(t *testing.T) {
	t.Setenv("PLANTED_INHERITED", "planted-inherited")
	cfg := three()
	cfg.Credentials = &gate.Credentials{Kinds: []gate.Credential{password{}}}
	cfg.PassEnv = []string{"PATH", "PLANTED_INHERITED"}
	for i := range cfg.Programs {
		cfg.Programs[i].Env = []string{"PLANTED_OWN=planted-own"}
		cfg.Programs[i].PassEnv = cfg.PassEnv
	}
	m := manage(t, cfg)
	shown := base64.StdEncoding.EncodeToString([]byte("ann:ann's-0123456789-password"))
	planted := []string{"planted-", "PLANTED_", rightToken, shown, "0123456789-password"}
	cookies := 0
	for _, path := range []string{"/one", "/many", "/kept", "/kept", "/"} {
		header := http.Header{"Authorization": {"Basic " + shown}, "Cookie": {"planted=planted-cookie"}, "X-Api-Key": {"planted-header"}, "Referer": {"http://planted-referer/"}, "User-Agent": {"planted-agent"}}
		c, answer, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(m.front, "http")+path+"?key=planted-query", header)
		if err != nil {
			t.Fatal(err, answer)
		}
		defer c.Close()
		reads(c)
		for _, cookie := range answer.Cookies() {
			_, secret, _ := strings.Cut(cookie.Value, ".")
			planted = append(planted, cookie.Value)
			if cookies++; secret != "" {
				planted = append(planted, secret)
			}
		}
	}
	if cookies == 0 {
		t.Error("no session has given a cookie: nothing was planted")
	}
	var made ticket
	if _, text := m.ask("POST", "/api/ticket", ""); json.Unmarshal([]byte(text), &made) != nil || made.Ticket == "" {
		t.Error(text)
	}
	planted = append(planted, made.Ticket)
	paths := []string{"/api/sessions/1", "/api/sessions/2", "/api/programs/one", "/api/programs/kept", "/api/programs/main"}
	for pattern := range m.policies {
		if method, path, _ := strings.Cut(pattern, " "); method == "GET" && !strings.Contains(path, "{name}") && !strings.Contains(path, "{id}") && path != "/ws" {
			paths = append(paths, strings.TrimSuffix(path, "{$}"))
		}
	}
	for _, path := range paths {
		for _, accept := range []string{"application/json", "text/html"} {
			answer, text := m.ask("GET", path, "", "Accept: "+accept)
			if answer.StatusCode != 200 {
				t.Errorf("%s: %d", path, answer.StatusCode)
			}
			for _, secret := range planted {
				if strings.Contains(text, secret) {
					t.Errorf("%s tells %q:\n%s", path, secret, text)
				}
			}
		}
	}
	for _, c := range document[[]connection](m, "/api/connections") {
		if c.User != "ann" || strings.Contains(c.Path, "?") {
			t.Errorf("%+v", c)
		}
	}
}
