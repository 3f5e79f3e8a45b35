//go:build unix

package libwebsocketd

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/gorilla/websocket"
)

// only returns credentials and settings that let in ann.
func only(cfg Config) Config {
	cfg.Credentials, cfg.Allow = users(), []string{"ann"}
	return cfg
}

// visitors are clients of only, and what each is answered if it is not let in.
var visitors = map[string]int{"": 401, "nobody": 401, "bob": 403, "ann": 0}

// TestMountCredentials: what is mounted serves nobody whom the Config does not let in. What
// else a Go program serves is in test/access.
func TestMountCredentials(t *testing.T) {
	t.Parallel()
	s := serve(t, only(shell("cat")))
	var served atomic.Int32
	s.Mount("/api/", http.HandlerFunc(func(http.ResponseWriter, *http.Request) { served.Add(1) }))
	for user, refused := range visitors {
		before := served.Load()
		for _, lines := range []string{"", "Upgrade: websocket\n", "Access-Control-Request-Method: GET\n"} {
			for _, method := range []string{"GET", "POST", "OPTIONS"} {
				status, body, header := s.ask(t, method+" /api/x HTTP/1.1\nHost: HOST\nX-User: "+user+"\nConnection: close\n"+lines+"\n")
				if refused != 0 && status != refused || refused == 0 && status != 200 || (status == 401) != (header.Get("WWW-Authenticate") != "") {
					t.Errorf("%s of %q: %d %s", method, user, status, body)
				}
			}
		}
		if got := served.Load() - before; refused != 0 && got > 0 || refused == 0 && got != 9 {
			t.Errorf("%q is served %d times", user, got)
		}
	}
}

// TestDialectCredentials: a Dialect accepts nobody whom the Config does not let in, and opens
// no program for somebody whom that does not let in.
func TestDialectCredentials(t *testing.T) {
	t.Parallel()
	bobs := echoProgram()
	bobs.Allow = []string{"bob"}
	s := serve(t, only(Config{Programs: []Program{bobs}, Dialects: []Dialect{runner{make(chan string, 9)}}}))
	for user, refused := range visitors {
		c, answer, err := s.tryDial("/nowhere", http.Header{"Sec-WebSocket-Protocol": {"run-1"}, "X-User": {user}})
		if refused != 0 {
			if answer == nil || answer.StatusCode != refused {
				t.Errorf("%q: %v, %v, expected %d", user, answer, err, refused)
			}
			continue
		}
		if err != nil {
			t.Fatalf("%q: %v", user, err)
		}
		c.WriteMessage(websocket.TextMessage, []byte("x"))
		if _, got, err := c.ReadMessage(); !strings.HasPrefix(string(got), "403 Forbidden: allow ") {
			t.Errorf("bob's program says %q, %v to %s", got, err, user)
		}
		c.Close()
	}
}
