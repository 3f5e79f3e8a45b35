package session

import (
	"net/http"
	"testing"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/gate"
)

// named identifies clients by a header.
func named(c *libwebsocketd.Config) {
	c.Credentials = &gate.Credentials{Kinds: []gate.Credential{byHeader{}}}
}

// byHeader believes the header X-User.
type byHeader struct{}

func (byHeader) Name() string { return "test" }

func (byHeader) Schemes() []string { return nil }

func (byHeader) Identify(r *http.Request, _ gate.Client, _ gate.Proof) (gate.Identity, *gate.Refusal) {
	return gate.Identity{User: r.Header.Get("X-User"), Proof: "Test"}, nil
}

// TestOwner: another user of the same browser gets a session of its own, from the page on,
// and with a secret of the first one's it gets 403.
func TestOwner(t *testing.T) {
	t.Parallel()
	s := serve(t, greeting, Lifetime{}, named, withPage(t))
	b := s.browser()
	b.header.Set("X-User", "ann")
	b.do("GET", "/", "", "")
	hers := read(b.dial("/"))
	b.header.Set("X-User", "bob")
	b.do("GET", "/", "", "")
	promised := b.passes()[0].id
	his := read(b.dial("/"))
	if hers == his || s.Find(promised) != s.Find("2") {
		t.Errorf("ann has %s, and bob %s", hers, his)
	}
	if status := b.refused("/?session=" + s.Find("1").ID); status != http.StatusForbidden {
		t.Errorf("by its id: %d", status)
	}
	b.header.Set("X-User", "ann")
	if got := read(b.dial("/")); got != hers {
		t.Errorf("ann comes back to %s, and had %s", got, hers)
	}
}

// TestRoot: the page at the path is for the session that the hook names, whoever asks.
func TestRoot(t *testing.T) {
	t.Parallel()
	var root *Session
	s := serve(t, greeting, Lifetime{Hooks: &Hooks{Root: func(*http.Request) string {
		if root == nil {
			return ""
		}
		return root.ID
	}}}, named, withPage(t))
	ann, bob := s.browser(), s.browser()
	ann.header.Set("X-User", "ann")
	bob.header.Set("X-User", "bob")
	ann.do("GET", "/", "", "")
	hers := read(ann.dial("/"))
	root = s.one()
	bob.dial("/") // has a session already
	for range 2 {
		answer := bob.begin("GET", "/", "", "")
		if answer.Header.Get("Set-Cookie") != "" && answer.Header.Get("Cache-Control") != "private, no-cache" {
			t.Errorf("a page with a cookie has %q", answer.Header)
		}
		if got := read(bob.dial("/")); got != hers {
			t.Errorf("bob gets %q, want %q", got, hers)
		}
	}
	if n := len(root.keys.secrets); n != 2 {
		t.Errorf("%d secrets for two browsers", n)
	}
}

// TestEpochChooses: of the sessions in a cookie, a client that names a numbering gets the
// one it belongs to, also after session=new: that is how an EventSource comes back.
func TestEpochChooses(t *testing.T) {
	t.Parallel()
	s := serve(t, greeting, Lifetime{})
	b := s.browser()
	first := read(b.dial("/?session=new"))
	second := read(b.dial("/?session=new"))
	if first == second || s.Registry.Len() != 2 {
		t.Fatal("there should be two")
	}
	epoch := s.Find("1").hub.Epoch()
	if got := read(b.dial("/?after=" + epoch + ":0")); got != first {
		t.Errorf("got %q, want %q", got, first)
	}
	b.header.Set("Last-Event-ID", epoch+":0")
	for _, path := range []string{"/", "/?session=new"} {
		if got := read(b.dial(path)); got != first {
			t.Errorf("%s: got %q, want %q", path, got, first)
		}
	}
	b.header.Set("Last-Event-ID", "other:1")
	for _, path := range []string{"/", "/?session=new"} {
		if status := b.refused(path); status != http.StatusNoContent {
			t.Errorf("%s: %d", path, status)
		}
	}
}
