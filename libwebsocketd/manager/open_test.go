package manager

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/gate"
	"websocketd/libwebsocketd/shared"
)

// seek is a client that looks for a process of a program.
type seek struct {
	hub     *shared.Hub
	refusal *gate.Refusal
	done    bool
}

func (p *play) service(name string) *service {
	p.Manager.mu.Lock()
	defer p.Manager.mu.Unlock()
	return p.services[name]
}

func (p *play) seek(program string) *seek {
	k := &seek{}
	s := p.service(program)
	go func() {
		k.hub, k.refusal = s.choose(httptest.NewRequest("GET", "/", nil), shared.From{})
		k.done = true
	}()
	synctest.Wait()
	return k
}

// opened is what a client gets that wants to be a viewer.
type opened struct {
	viewer  libwebsocketd.Endpoint
	refusal *gate.Refusal
}

// open is such a client. It is waited for until it gets something, or nothing moves without the clock.
func (p *play) open(program, url string) <-chan opened {
	s, result := p.service(program), make(chan opened, 1)
	go func() {
		viewer, refusal := s.Open(&libwebsocketd.Attach{Request: httptest.NewRequest("GET", url, nil), Log: slog.New(slog.DiscardHandler)})
		result <- opened{viewer, refusal}
	}()
	synctest.Wait()
	return result
}

// viewer expects that a client has become a viewer.
func (p *play) viewer(of <-chan opened) libwebsocketd.Endpoint {
	p.t.Helper()
	synctest.Wait()
	select {
	case got := <-of:
		if got.refusal == nil {
			return got.viewer
		}
		p.t.Fatalf("refused: %s", got.refusal.Reason)
	default:
		p.t.Fatal("it waits")
	}
	return nil
}

// refused expects that a client was refused with these words.
func (p *play) refused(of <-chan opened, want string) {
	p.t.Helper()
	synctest.Wait()
	select {
	case got := <-of:
		if got.refusal == nil || !strings.Contains(got.refusal.Reason, want) {
			p.t.Errorf("got %+v, want %s", got, want)
		}
	default:
		p.t.Errorf("it waits, and is not refused: %s", want)
	}
}

// TestSeekBeginning: a client that comes just as an instance is being begun is not told that it is stopped.
func TestSeekBeginning(t *testing.T) {
	t.Parallel()
	alone(t, App{Instances: 1}, func(t *testing.T, p *play) {
		s := p.service("a")
		i := s.list()[0]
		p.must(p.Stop(t.Context(), "a"))
		if k := p.seek("a"); k.refusal == nil || !strings.Contains(k.refusal.Reason, "it is stopped") {
			t.Errorf("while it is stopped: %+v", k.refusal)
		}
		l := newLife() // as begin has it, before live
		i.mu.Lock()
		i.life = l
		i.set(Starting)
		i.mu.Unlock()
		k := p.seek("a")
		if k.done {
			t.Fatalf("it is not awaited: %+v", k.refusal)
		}
		p.spawn(s.runtime, func() { i.live(l) })
		synctest.Wait()
		if !k.done || k.hub == nil || k.hub != i.hub() {
			t.Errorf("it is begun: %+v", k)
		}
	})
}

// TestSeekWaiting: a client of what waits for another program is told so, and one is that came a moment
// before it was known.
func TestSeekWaiting(t *testing.T) {
	t.Parallel()
	chain(t, func(t *testing.T, p *play) {
		if k := p.seek("b"); k.refusal == nil || !strings.Contains(k.refusal.Reason, "it waits for a:ready") {
			t.Errorf("%+v", k)
		}
		for _, i := range p.service("b").list() {
			i.mu.Lock()
			i.waits = nil
			i.mu.Unlock()
		}
		k := p.seek("b")
		if k.done {
			t.Fatalf("it is not awaited: %+v", k.refusal)
		}
		p.Manager.stir() // they look again
		synctest.Wait()
		if k.refusal == nil || !strings.Contains(k.refusal.Reason, "it waits for a:ready") {
			t.Errorf("%+v", k)
		}
	})
}

// another is the refusal of a client that has the numbers of what has ended.
const another = "and another one runs with numbers of its own"

// TestOpenEnded: a client whose instance has ended for good is told so, or gets another instance, not
// that the program is stopped.
func TestOpenEnded(t *testing.T) {
	t.Parallel()
	alone(t, App{Instances: 2}, func(t *testing.T, p *play) {
		epoch := p.service("a").list()[0].hub().Epoch()
		p.must(p.Stop(t.Context(), "a-0"))
		synctest.Wait() // its record is let go of
		p.refused(p.open("a", "/?after="+epoch+":1"), another)
		p.refused(p.open("a", "/?instance=0"), "it is stopped")
		p.viewer(p.open("a", "/")).Close()
	})
}

// TestOpenRenewed: where a reload needs another hub viewers are told to come back, and who comes
// meanwhile gets the next process, whenever that is; also who has the numbers of the one before is not
// told that the program is stopped.
func TestOpenRenewed(t *testing.T) {
	t.Parallel()
	for range 20 {
		alone(t, App{}, func(t *testing.T, p *play) {
			before := p.viewer(p.open("a", "/"))
			p.newest("a").grace = 3 * time.Second
			epoch := p.service("a").list()[0].hub().Epoch()
			p.must(p.Server.Reload([]libwebsocketd.Program{p.program("a", App{History: 4711})}))
			time.Sleep(time.Second)
			during, behind := p.open("a", "/"), p.open("a", "/?after="+epoch+":1")
			if len(during)+len(behind) > 0 {
				t.Fatal("they do not wait")
			}
			time.Sleep(3 * time.Second)
			p.viewer(during).Close()
			last := []libwebsocketd.Endpoint{before}
			switch got := <-behind; {
			case got.refusal == nil: // it has come just before nobody could come back to that
				last = append(last, got.viewer)
			case got.refusal.Status != http.StatusGone:
				t.Errorf("with the numbers of the process before: %s", got.refusal.Reason)
			}
			for _, viewer := range last {
				if _, err := viewer.Receive(); err != renewed {
					t.Errorf("viewers are told %v", err)
				}
				viewer.Close()
			}
		})
	}
}

// TestOpenStopped: a client that waits for what is to follow is told when that does not come.
func TestOpenStopped(t *testing.T) {
	t.Parallel()
	for range 100 {
		alone(t, App{}, func(t *testing.T, p *play) {
			p.newest("a").grace = 3 * time.Second
			p.must(p.Server.Reload([]libwebsocketd.Program{p.program("a", App{History: 4711})}))
			time.Sleep(time.Second)
			client := p.open("a", "/")
			p.must(p.Stop(t.Context(), "a"))
			p.refused(client, "it is stopped")
			p.has("a", "a stopped")
		})
	}
}

// inHandover plays program a of a server that has not taken over everything yet.
func inHandover(t *testing.T, app App, act func(t *testing.T, p *play)) {
	t.Helper()
	inPlay(t, func(p *play) []libwebsocketd.Program {
		p.begun = make(chan struct{})
		return []libwebsocketd.Program{p.program("a", app)}
	}, act)
}

// TestOpenBeforeBegun: a program that another server has not handed over is waited for until it is begun.
func TestOpenBeforeBegun(t *testing.T) {
	t.Parallel()
	inHandover(t, App{Instances: 2}, func(t *testing.T, p *play) {
		first, second, none := p.open("a", "/"), p.open("a", "/?instance=1"), p.open("a", "/?instance=2")
		if len(first)+len(second)+len(none) > 0 {
			t.Error("they do not wait")
		}
		close(p.begun)
		p.viewer(first).Close()
		p.viewer(second).Close()
		p.refused(none, "there are those from 0 to 1")
	})
}
