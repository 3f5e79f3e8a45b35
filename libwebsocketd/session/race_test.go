package session

import (
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/internal/testkit"
)

// TestOnePageOneSession: the requests of one page, however many come at once and whatever
// they speak, are for one session.
func TestOnePageOneSession(t *testing.T) {
	t.Parallel()
	s := serve(t, greeting, Lifetime{}, withPage(t))
	b := s.browser()
	b.do("GET", "/", "", "")
	var at sync.WaitGroup
	var mu sync.Mutex
	got := map[string]int{}
	for i := range 50 {
		at.Go(func() {
			said := ""
			switch i % 3 {
			case 0:
				said = read(b.dial("/"))
			case 1:
				words, _, status := b.poll("/?wait=2m")
				said = strings.TrimPrefix(words, "1:")
				if status != 200 {
					t.Errorf("poll: %d", status)
				}
			case 2:
				if status, _ := b.do("POST", "/", "", "x"); status != 204 {
					t.Errorf("POST: %d", status)
				}
				return
			}
			mu.Lock()
			defer mu.Unlock()
			said, _, _ = strings.Cut(said, " 2:")
			got[said]++
		})
	}
	at.Wait()
	if n := s.Registry.Len(); len(got) != 1 || n != 1 {
		t.Errorf("%d sessions: %v", n, got)
	}
}

// TestComingAndGoing: clients that attach while a session expires, is ended, or ends by
// itself get it or another one, and none hangs; there are never two processes of one
// session.
func TestComingAndGoing(t *testing.T) {
	t.Parallel()
	var living, most atomic.Int64
	hooks := &Hooks{
		Created:   func(*Session) error { most.Store(max(most.Load(), living.Add(1))); return nil },
		Destroyed: func(*Session) { living.Add(-1) },
	}
	for name, script := range map[string]string{"expiry": `echo hi; exec cat`, "own end": `echo hi`, "slow end": `trap 'echo bye; exit 2' INT; echo hi; read x; kill -INT $$`} {
		for _, end := range []bool{false, true} {
			s := serve(t, script, Lifetime{Resume: 2 * time.Millisecond, Hooks: hooks, Registry: NewRegistry(1)})
			comeAndGo(t, s, name, end)
		}
	}
	testkit.Eventually(t, "each was destroyed", func() bool { return living.Load() == 0 })
}

// comeAndGo has one browser do everything at once.
func comeAndGo(t *testing.T, s *service, name string, end bool) {
	b := s.browser()
	stop := make(chan bool)
	var ender, at sync.WaitGroup
	if end {
		ender.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				for x := range s.Registry.All() {
					x.End()
				}
			}
		})
	}
	for i := range 3 {
		at.Go(func() {
			for range 25 {
				if i == 0 {
					if status, text := b.do("POST", "/", "", "x"); status != 204 && status != 410 && status != 429 && status != 503 && (status != 404 || !end) {
						t.Errorf("%s: POST: %d %s", name, status, text)
					}
					continue
				}
				c, status, reason := b.try("/")
				switch {
				case c != nil:
					write(c, "x")
					for range i { // the greeting, and what becomes of x
						if got := read(c); got == "" || strings.Contains(got, "timeout") {
							t.Errorf("%s: got %q", name, got)
						}
					}
					c.Close()
				case status != http.StatusTooManyRequests && (status != http.StatusNotFound || !end):
					t.Errorf("%s: %d %s", name, status, reason)
				}
			}
		})
	}
	at.Wait()
	close(stop)
	ender.Wait()
	testkit.Eventually(t, "nothing is left", func() bool { return s.Registry.Len() == 0 })
}

// TestClientLeavesWhileItAttaches: a client that does not wait for the process to start
// leaves nothing of itself.
func TestClientLeavesWhileItAttaches(t *testing.T) {
	t.Parallel()
	created, goOn := make(chan *Session, 1), make(chan bool)
	s := serve(t, greeting, Lifetime{Hooks: &Hooks{Created: func(x *Session) error {
		created <- x
		<-goOn
		return nil
	}}}, withPage(t), func(c *libwebsocketd.Config) { c.PingInterval = time.Second })
	b := s.browser()
	b.do("GET", "/", "", "")
	var at sync.WaitGroup
	dial := func() { // and hang up
		b.begin("GET", "/", asEvents, "").Body.Close()
	}
	at.Go(dial)
	x := <-created
	at.Go(dial)
	close(goOn)
	at.Wait()
	testkit.Eventually(t, "nobody is attached", func() bool { return !x.isAttached() })
	if got := read(b.dial("/")); !strings.HasSuffix(got, " 1") {
		t.Errorf("got %q", got)
	}
}
