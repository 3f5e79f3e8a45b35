package manager

import (
	"testing"
	"testing/synctest"
	"time"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/shared"
)

// TestPassNextLife: an instance whose hub has ended for good when it is handed over, and which lives again by then,
// is begun by the other server.
func TestPassNextLife(t *testing.T) {
	t.Parallel()
	alone(t, App{}, func(t *testing.T, p *play) {
		i := p.service("a").list()[0]
		if to := i.pass(&shared.Handed{Over: true}).(handedInstance); !to.Waits {
			t.Errorf("%+v", to)
		}
	})
}

// TestPassAsked: a restart that was asked for when the hub stood still already is passed on, too.
func TestPassAsked(t *testing.T) {
	t.Parallel()
	alone(t, App{}, func(t *testing.T, p *play) {
		i := p.service("a").list()[0]
		for _, asked := range []bool{false, true} {
			i.mu.Lock()
			i.asked = asked
			i.mu.Unlock()
			if to := i.pass(&shared.Handed{Process: &libwebsocketd.Carried{}}).(handedInstance); to.Hub.Changed != asked {
				t.Errorf("asked: %v, %+v", asked, to.Hub)
			}
		}
	})
}

// TestPlaceDue: of what instances say about when their program is due the earliest holds.
func TestPlaceDue(t *testing.T) {
	t.Parallel()
	alone(t, App{Instances: 3}, func(t *testing.T, p *play) {
		s := p.service("a")
		early := time.Now().Add(time.Minute)
		for n, due := range []time.Time{early.Add(time.Hour), early, early.Add(time.Hour)} {
			s.place(&handedInstance{ID: n, Of: 3, Index: n, Due: due})
		}
		if got := s.isDue(); !got.Equal(early) {
			t.Errorf("it is due in %v", time.Until(got))
		}
	})
}

// TestReadyUnheard: a process that another server has started with other settings, so that it cannot say READY=1,
// is ready.
func TestReadyUnheard(t *testing.T) {
	t.Parallel()
	r := &run{service: &service{app: App{Ready: &Ready{Notify: true, Timeout: time.Hour}}}, ready: make(chan struct{})}
	if !r.awaitReady(t.Context()) {
		t.Error("it is not")
	}
}

// TestChangedBeforeBegun: who finds a change does not wait until a program is begun.
func TestChangedBeforeBegun(t *testing.T) {
	t.Parallel()
	inHandover(t, App{}, func(t *testing.T, p *play) {
		told := false
		go func() {
			p.service("a").changed("main.js")
			told = true
		}()
		if synctest.Wait(); !told {
			t.Error("it waits")
		}
		close(p.begun)
		synctest.Wait()
		if n := len(p.log.with("CHANGED")); n != 1 {
			t.Errorf("%d changes are logged", n)
		}
	})
}
