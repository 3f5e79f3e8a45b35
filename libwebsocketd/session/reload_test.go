package session

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/internal/testkit"
)

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
	if log := s.logged(); !strings.Contains(log, "ABANDONED") {
		t.Errorf("the log does not say what becomes of sessions that no URL leads to: %s", log)
	}
	testkit.Eventually(t, "the idle one ends", func() bool { return !isAlive(pidLeft) })
	write(c, "still there")
	reads(t, c, "still there")
	c.Close()
	testkit.Eventually(t, "the other one ends", func() bool { return !isAlive(pid) })
	testkit.Eventually(t, "nothing is left", func() bool { return registry.Len() == 0 })
}

// TestReloadedSettings: sessions have the settings of the program they belong to, also if
// they are older.
func TestReloadedSettings(t *testing.T) {
	t.Parallel()
	var p libwebsocketd.Program
	registry := NewRegistry(0)
	s := serve(t, greeting, Lifetime{}, func(c *libwebsocketd.Config) {
		p = libwebsocketd.Program{Name: "p", Path: "/", Command: c.Command, Settings: c.Settings}
		p.Lifetime = Lifetime{Registry: registry}
		c.Command, c.Programs = nil, []libwebsocketd.Program{p}
	})
	c := s.browser().dial("/")
	pid := pidOf(t, read(c))
	p.Lifetime = Lifetime{Registry: registry, Resume: 10 * time.Millisecond}
	if err := s.Reload([]libwebsocketd.Program{p}); err != nil {
		t.Fatal(err)
	}
	write(c, "as long as somebody is there")
	reads(t, c, "as long as somebody is there")
	c.Close()
	testkit.Eventually(t, "a session that was to stay for ever ends", func() bool { return !isAlive(pid) })
}

// TestChangedWhileItWaits: a program that waits with its output, and is to be restarted,
// does not keep its session from being ended.
func TestChangedWhileItWaits(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "flood")
	flood := func(text string) {
		if err := os.WriteFile(file, []byte("#!/bin/sh\necho "+text+"\nexec yes\n"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	flood("one")
	s := serve(t, "", Lifetime{Watch: true, History: 8 << 10}, func(c *libwebsocketd.Config) { c.Command, c.CloseDelay = []string{file}, 0 })
	made, holder := s.make()
	pid := holder.state(made.ID).Pid
	testkit.Eventually(t, "its output waits", func() bool { return holder.state(made.ID).Last > 0 })
	flood("two")
	testkit.Eventually(t, "the change is noticed", func() bool { return strings.Contains(s.logged(), "CHANGED") })
	if status, text := holder.do("DELETE", "/?session="+made.ID, asJSON, ""); status != http.StatusOK {
		t.Errorf("DELETE: %d %s", status, text)
	}
	testkit.Eventually(t, "the process has ended", func() bool { return !isAlive(pid) })
}
