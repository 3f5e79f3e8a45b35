package manager

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"websocketd/libwebsocketd"
)

// fixture is a Server with a Manager, and what was told.
type fixture struct {
	*Manager
	*libwebsocketd.Server
	t     *testing.T
	front *httptest.Server

	mu   sync.Mutex
	told []string
	more chan struct{} // closed, and replaced, with each event
}

// script returns a supervised program that a shell runs.
func (f *fixture) script(name, script string, app App) libwebsocketd.Program {
	return libwebsocketd.Program{Name: name, Command: []string{"/bin/sh", "-c", script}, Settings: libwebsocketd.Settings{Lifetime: Lifetime{app, f.Manager}}}
}

// supervise serves programs, which are made by a function of the fixture.
func supervise(t *testing.T, programs func(f *fixture) []libwebsocketd.Program) *fixture {
	t.Helper()
	f := &fixture{Manager: New(Options{}), t: t, more: make(chan struct{})}
	f.Notify(f.hear)
	server, err := libwebsocketd.New(libwebsocketd.Config{Programs: programs(f)})
	if err != nil {
		t.Fatal(err)
	}
	f.Server = server
	f.Steer(server)
	f.front = httptest.NewServer(server)
	t.Cleanup(func() {
		f.front.Close()
		if err := server.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return f
}

// hear notes an event in a few words.
func (f *fixture) hear(e Event) {
	f.mu.Lock()
	defer f.mu.Unlock()
	word := ""
	switch {
	case e.Status != nil:
		word = string(e.Info.Status)
	case e.Event != nil:
		word = strings.ToUpper(string(e.Event.Name))
		if e.Event.Exit != nil {
			word += fmt.Sprint(" ", *e.Event.Exit)
		}
	case e.Health != nil:
		word = string(e.Info.Health)
	default:
		word = string(e.Lines.Stream) + ":" + strings.Join(e.Lines.Text, "|")
	}
	f.told = append(f.told, e.Info.Name+" "+word)
	close(f.more)
	f.more = make(chan struct{})
}

// events waits until that many events were told, and returns them.
func (f *fixture) events(n int) string {
	f.t.Helper()
	limit := time.After(2 * time.Minute)
	for {
		f.mu.Lock()
		told, more := strings.Join(f.told, ", "), f.more
		count := len(f.told)
		f.mu.Unlock()
		if count >= n {
			return told
		}
		select {
		case <-more:
		case <-limit:
			f.t.Fatalf("only %d events of %d: %s", count, n, told)
		}
	}
}

// until waits until something is so.
func (f *fixture) until(is func() bool) {
	f.t.Helper()
	for limit := time.Now().Add(2 * time.Minute); !is(); {
		f.mu.Lock()
		more := f.more
		f.mu.Unlock()
		select {
		case <-more:
		case <-time.After(20 * time.Millisecond):
		}
		if time.Now().After(limit) {
			f.t.Fatal("waited in vain")
		}
	}
}

// forget forgets what was told.
func (f *fixture) forget() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.told = nil
}

// one returns what is known of the only instance of a name.
func (f *fixture) one(name string) Info {
	f.t.Helper()
	all, err := f.Find(name)
	if err != nil || len(all) != 1 {
		f.t.Fatalf("%s: %v %v", name, all, err)
	}
	return all[0]
}

func (f *fixture) must(err error) {
	f.t.Helper()
	if err != nil {
		f.t.Fatal(err)
	}
}

// healthy returns a URL that answers 200 while up is true, and 503 otherwise.
func healthy(t *testing.T, up *atomic.Bool) (url string) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if !up.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	t.Cleanup(server.Close)
	return server.URL
}
