package session

import (
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/internal/testkit"
)

// TestCreatedUndoes: a session that Created does not let be is not there, its client gets
// 500, and its place is free. A panic is such an error.
func TestCreatedUndoes(t *testing.T) {
	t.Parallel()
	var destroyed sync.WaitGroup
	refuse := true
	hooks := &Hooks{Destroyed: func(*Session) { destroyed.Done() }}
	for name, created := range map[string]func(*Session) error{
		"error": func(*Session) error { return errors.New("not today") },
		"panic": func(*Session) error { panic("not today") },
	} {
		hooks.Created = func(x *Session) error {
			if refuse {
				return created(x)
			}
			destroyed.Add(1)
			return nil
		}
		s := serve(t, greeting, Lifetime{Hooks: hooks, Registry: NewRegistry(1)})
		refuse = true
		if status := s.browser().refused("/"); status != http.StatusInternalServerError {
			t.Errorf("%s: %d", name, status)
		}
		if n := s.Registry.Len(); n != 0 {
			t.Errorf("%s: %d sessions are there", name, n)
		}
		if log := s.logged(); !strings.Contains(log, "not created: ") || !strings.Contains(log, "not today") {
			t.Errorf("%s: the log says %q", name, log)
		}
		refuse = false
		x := s.browser().dial("/")
		if got := read(x); !strings.HasSuffix(got, " 1") {
			t.Errorf("%s: the next one says %q", name, got)
		}
		s.one().End()
		closes(t, x, 1000, "exit status 0")
		testkit.Within(t, testkit.Patience, "Destroyed is called", destroyed.Wait)
	}
}

// TestEndedWhileCreated: a session that is ended before its process has started ends, and
// its client is told so.
func TestEndedWhileCreated(t *testing.T) {
	t.Parallel()
	s := serve(t, greeting, Lifetime{Hooks: &Hooks{Created: func(x *Session) error {
		x.End()
		return nil
	}}})
	if status := s.browser().refused("/"); status != http.StatusNotFound {
		t.Errorf("%d", status)
	}
}

// TestNotStarted: when the process of a session cannot be started, all who wait for it are
// told, and the promise of the page is as good as before.
func TestNotStarted(t *testing.T) {
	t.Parallel()
	gate, waiting := make(chan bool), make(chan bool, 9)
	s := serve(t, greeting, Lifetime{Hooks: &Hooks{Created: func(*Session) error {
		waiting <- true
		<-gate
		return nil
	}}}, func(c *libwebsocketd.Config) { c.MaxForks = 1 }, withPage(t))
	close(gate)
	first := s.browser().dial("/")
	<-waiting
	read(first)
	gate = make(chan bool)

	b := s.browser()
	b.do("GET", "/", "", "")
	statuses := make(chan int, 3)
	for range cap(statuses) {
		go func() { statuses <- b.refused("/") }()
	}
	<-waiting
	testkit.Eventually(t, "they wait", func() bool { return s.Registry.Len() == 2 })
	close(gate)
	for range cap(statuses) {
		if status := <-statuses; status != http.StatusTooManyRequests {
			t.Errorf("%d", status)
		}
	}
	promised := b.passes()[0].id
	s.one().End()
	closes(t, first, 1000, "exit status 0")
	read(b.dial("/"))
	if got := s.one().ID; got != promised {
		t.Errorf("session %s, the page was promised %s", got, promised)
	}
}
