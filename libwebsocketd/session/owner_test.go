package session

import (
	"encoding/json"
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
// and with a secret of the first one's it gets 404. Its own it opens by its id alone.
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
	if status := b.refused("/?session=" + s.Find("1").ID); status != http.StatusNotFound {
		t.Errorf("by its id: %d", status)
	}
	elsewhere := s.stranger()
	elsewhere.header.Set("X-User", "bob")
	if got := read(elsewhere.dial("/?session=" + s.Find("2").ID)); got != his {
		t.Errorf("bob, without a secret, has %s", got)
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

// TestTicketOfOwner: where clients are known, the ticket of a session proves its maker's
// identity too, once, and for that session alone.
func TestTicketOfOwner(t *testing.T) {
	t.Parallel()
	s := serve(t, greeting, Lifetime{}, named)
	ann, nobody := s.stranger(), s.stranger()
	ann.header.Set("X-User", "ann")
	hers := read(ann.dial("/"))
	ann.dial("/")
	at := "/?session=" + s.Find("1").ID
	_, body := ann.do("POST", at+"&ticket=new", asJSON, "")
	var told ticketDocument
	if err := json.Unmarshal([]byte(body), &told); err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	with := "&token=" + told.Ticket
	for path, want := range map[string]int{"/?session=" + s.Find("2").ID + with: 403, "/?session=new" + with: 403, "/?" + with: 403, at + "&token=x": 403} {
		if status := nobody.refused(path); status != want {
			t.Errorf("%s: %d, want %d", path, status, want)
		}
	}
	if status, _ := nobody.do("GET", at+"&state"+with, asJSON, ""); status != http.StatusOK {
		t.Errorf("its state: %d", status)
	}
	if got := read(nobody.dial(at + with)); got != hers {
		t.Errorf("got %q, want %q", got, hers)
	}
	if status := nobody.refused(at + with); status != http.StatusForbidden {
		t.Errorf("used: %d", status)
	}
	bob := s.stranger()
	bob.header.Set("X-User", "bob")
	for _, request := range []struct{ method, path, accept string }{
		{"GET", at, asJSON}, {"GET", at + "&state", asJSON}, {"POST", at, ""}, {"POST", at + "&ticket=new", asJSON}, {"DELETE", at, ""}, {"GET", at + "&wait=0s", asJSON},
	} {
		if status, body := bob.do(request.method, request.path, request.accept, "x"); status != http.StatusNotFound {
			t.Errorf("bob: %s %s: %d %s", request.method, request.path, status, body)
		}
	}
	if status, _ := ann.do("DELETE", at, "", ""); status != http.StatusOK {
		t.Errorf("ann ends it: %d", status)
	}
}
