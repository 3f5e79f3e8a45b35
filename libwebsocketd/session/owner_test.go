package session

import (
	"net/http"
	"testing"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/gate"
	"websocketd/libwebsocketd/internal/testkit"
)

// named identifies clients by a header.
func named(c *libwebsocketd.Config) {
	c.Identify = func(r *http.Request) (libwebsocketd.Identity, *gate.Refusal) {
		return libwebsocketd.Identity{User: r.Header.Get("X-User")}, nil
	}
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

// TestLost: a session that is kept for ever ends with its client when a reload leaves no
// sessions at its path.
func TestLost(t *testing.T) {
	t.Parallel()
	registry := NewRegistry(0)
	var p libwebsocketd.Program
	s := serve(t, greeting, Lifetime{}, func(c *libwebsocketd.Config) {
		p = libwebsocketd.Program{Name: "p", Path: "/", Command: c.Command, Settings: c.Settings}
		p.Lifetime = Lifetime{Registry: registry}
		c.Command, c.Programs = nil, []libwebsocketd.Program{p}
	})
	c := s.browser().dial("/")
	pid := pidOf(t, read(c))
	left := s.browser().dial("/")
	pidLeft := pidOf(t, read(left))
	left.Close()
	p.Lifetime = nil
	if err := s.Reload([]libwebsocketd.Program{p}); err != nil {
		t.Fatal(err)
	}
	testkit.Eventually(t, "the idle one ends", func() bool { return !isAlive(pidLeft) })
	write(c, "still there")
	reads(t, c, "still there")
	c.Close()
	testkit.Eventually(t, "the other one ends", func() bool { return !isAlive(pid) })
	testkit.Eventually(t, "nothing is left", func() bool { return registry.Len() == 0 })
}

// TestRetired: without a common registry the sessions of former settings end with their
// clients, and with one they go on.
func TestRetired(t *testing.T) {
	t.Parallel()
	for _, common := range []*Registry{nil, NewRegistry(0)} {
		var p libwebsocketd.Program
		s := serve(t, greeting, Lifetime{}, func(c *libwebsocketd.Config) {
			p = libwebsocketd.Program{Name: "p", Path: "/", Command: c.Command, Settings: c.Settings}
			p.Lifetime = Lifetime{Registry: common}
			c.Command, c.Programs = nil, []libwebsocketd.Program{p}
		})
		b, idle := s.browser(), s.browser()
		c := b.dial("/")
		pid := read(c)
		left := idle.dial("/")
		pidLeft := pidOf(t, read(left))
		left.Close()
		p.Lifetime = Lifetime{Registry: common, History: 1 << 16}
		if err := s.Reload([]libwebsocketd.Program{p}); err != nil {
			t.Fatal(err)
		}
		write(c, "still there")
		reads(t, c, "still there")
		if common != nil {
			if got := read(b.dial("/")); got != pid {
				t.Errorf("got %q, want %q", got, pid)
			}
			continue
		}
		testkit.Eventually(t, "the idle one ends", func() bool { return !isAlive(pidLeft) })
		if !isAlive(pidOf(t, pid)) {
			t.Error("the other one has ended")
		}
		c.Close()
		testkit.Eventually(t, "the other one ends", func() bool { return !isAlive(pidOf(t, pid)) })
	}
}
