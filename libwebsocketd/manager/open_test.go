package manager

import (
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

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
	all := p.Manager.all()
	return all[slices.IndexFunc(all, func(s *service) bool { return s.name == name })]
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
