//go:build unix

package shared

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/gate"
)

// byHeader believes the header X-User.
type byHeader struct{}

func (byHeader) Name() string { return "test" }

func (byHeader) Schemes() []string { return []string{"Test"} }

func (byHeader) Identify(r *http.Request, _ gate.Client, _ gate.Proof) (gate.Identity, *gate.Refusal) {
	return gate.Identity{User: r.Header.Get("X-User"), Proof: "Test"}, nil
}

var known = &gate.Credentials{Kinds: []gate.Credential{byHeader{}}}

// TestIsolate: each user has a process of their own, which knows whose it is; one user's
// connections have the same.
func TestIsolate(t *testing.T) {
	t.Parallel()
	s := serveConfig(t, libwebsocketd.Config{
		Command: []string{"/bin/sh", "-c", `echo "$REMOTE_USER $AUTH_TYPE $REMOTE_ADDR $$"; exec cat`}, Credentials: known,
		Settings: libwebsocketd.Settings{Lifetime: Lifetime{Isolate: IsolateUser}},
	})
	as := func(user string) *websocket.Conn {
		c, answer, err := websocket.DefaultDialer.Dial(s.url+"/x", http.Header{"X-User": {user}})
		if err != nil {
			t.Fatal(err, answer)
		}
		t.Cleanup(func() { c.Close() })
		c.SetReadDeadline(time.Now().Add(2 * time.Minute))
		return c
	}
	next := func(c *websocket.Conn) string {
		_, data, err := c.ReadMessage()
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	ann, again, bob := as("ann"), as("ann"), as("bob")
	hers, his := next(ann), next(bob)
	if same := next(again); same != hers || !strings.HasPrefix(hers, "ann Test  ") || !strings.HasPrefix(his, "bob Test  ") {
		t.Errorf("ann has %q and %q, bob %q", hers, same, his)
	}
	bob.WriteMessage(websocket.TextMessage, []byte("for bob"))
	if got := next(bob); got != "for bob" {
		t.Errorf("bob hears %q", got)
	}
	ann.WriteMessage(websocket.TextMessage, []byte("for ann"))
	if one, other := next(ann), next(again); one != "for ann" || other != "for ann" {
		t.Errorf("ann hears %q and %q", one, other)
	}
	for user, want := range map[string]string{"ann": `"viewers":2`, "bob": `"viewers":1`, "carl": `"epoch":null`} {
		r, _ := http.NewRequest("GET", "http"+strings.TrimPrefix(s.url, "ws")+"/x?state", nil)
		r.Header = http.Header{"X-User": {user}, "Accept": {"application/json"}}
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		var body strings.Builder
		answer.Write(&body)
		if !strings.Contains(body.String(), want) {
			t.Errorf("the state for %s is %s", user, body.String())
		}
	}
}

// TestIsolateNeedsUsers: without credentials nobody has a process of their own.
func TestIsolateNeedsUsers(t *testing.T) {
	t.Parallel()
	for want, cfg := range map[string]libwebsocketd.Config{
		"needs to know who its clients are": {Settings: libwebsocketd.Settings{Lifetime: Lifetime{Isolate: IsolateUser}}},
		"nobody has to prove that":          {Credentials: known, Settings: libwebsocketd.Settings{Lifetime: Lifetime{Isolate: IsolateUser}, Auth: []string{gate.NoAuth}}},
		"who will come":                     {Credentials: known, Settings: libwebsocketd.Settings{Lifetime: Lifetime{Isolate: IsolateUser, Start: StartEager}}},
		"Isolate is":                        {Credentials: known, Settings: libwebsocketd.Settings{Lifetime: Lifetime{Isolate: "all"}}},
	} {
		cfg.Command = []string{"cat"}
		if err := cfg.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}
