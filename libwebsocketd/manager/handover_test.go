package manager

import (
	"context"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/gate"
	"websocketd/libwebsocketd/process"
	"websocketd/libwebsocketd/shared"
)

// handover is a server that stands still, because another one is about to go on with its programs.
type handover struct {
	*play
	handed []libwebsocketd.Handed
	settle func(taken bool) []process.Loan
}

// lift makes the server stand still.
func (p *play) lift() *handover {
	p.t.Helper()
	all, settle, err := p.Server.Lift(p.t.Context())
	if err != nil {
		p.t.Fatal(err)
	}
	return &handover{p, all, settle}
}

// next has another server take all over. The test ends with that one.
func (h *handover) next() *play {
	h.t.Helper()
	begun := make(chan struct{})
	next := h.serve(begun)
	h.t.Cleanup(next.end)
	var begins []func()
	for _, one := range h.handed {
		begin, err := next.Server.TakeOver(one)
		if err != nil {
			h.t.Fatal(err)
		}
		begins = append(begins, begin)
	}
	h.settle(true)
	for _, begin := range begins {
		begin()
	}
	close(begun)
	synctest.Wait()
	return next
}

// becomes returns what the instances of a program are after d, as "name status".
func (p *play) becomes(program string, d time.Duration) (words string) {
	p.t.Helper()
	time.Sleep(d)
	synctest.Wait()
	all, err := p.Find(program)
	p.must(err)
	for _, about := range all {
		words += about.Name + " " + string(about.Status) + ", "
	}
	return words
}

// pausing plays a program whose process has ended, and is to be followed: its hub can be handed over,
// without a process.
func pausing(t *testing.T, act func(t *testing.T, p *play)) {
	t.Helper()
	alone(t, App{RestartDelay: 20 * time.Second}, func(t *testing.T, p *play) {
		p.newest("a").end(exits(1))
		synctest.Wait()
		act(t, p)
	})
}

// TestHandoverWaits: what waits for another program when a server stands still is begun by the one that
// goes on with it, and by no other; where that takes nothing over it is begun here.
func TestHandoverWaits(t *testing.T) {
	t.Parallel()
	for _, taken := range []bool{true, false} {
		chain(t, func(t *testing.T, p *play) {
			s := p.service("b")
			all, settle, err := s.Lift(t.Context())
			if err != nil || len(all) != 2 {
				t.Fatalf("%v %v", all, err)
			}
			for _, one := range all {
				var v handedInstance
				if err := one.Decode(&v); err != nil || !v.Waits || v.Hub != nil {
					t.Errorf("%+v %v", v, err)
				}
			}
			before := p.starts()
			p.up("a")
			if k := p.seek("b"); k.done {
				t.Errorf("a client is told %+v", k)
			}
			if p.starts() != before {
				t.Error("it is begun while the server stands still")
			}
			settle(taken)
			synctest.Wait()
			if begun := p.starts() > before; begun == taken {
				t.Errorf("taken over: %v, begun here: %v", taken, begun)
			}
		})
	}
}

// TestHandoverBegun: so it is with what is only just being begun.
func TestHandoverBegun(t *testing.T) {
	t.Parallel()
	alone(t, App{NoRestart: true}, func(t *testing.T, p *play) {
		p.newest("a").end(exits(0))
		synctest.Wait()
		s := p.service("a")
		i, l := s.list()[0], newLife() // as begin has it, before live
		i.mu.Lock()
		i.life = l
		i.set(Starting)
		i.mu.Unlock()
		h := p.lift()
		p.spawn(s.runtime, func() { i.live(l) })
		next := h.next()
		if got := next.becomes("a", time.Minute); got != "a online, " || next.starts() != 1 || p.starts() != 1 {
			t.Errorf("%s, and %d processes were started here", got, p.starts()-1)
		}
	})
}

// TestHandoverEnded: what is to end ends, is stopped in the server that goes on, and is not started anew
// there.
func TestHandoverEnded(t *testing.T) {
	t.Parallel()
	alone(t, App{}, func(t *testing.T, p *play) {
		p.must(p.Stop(context.Background(), "a"))
		p.with(func() { p.grace = time.Second })
		p.must(p.Start(context.Background(), "a"))
		if ended, _ := p.EndProgram("a"); ended != 1 {
			t.Errorf("%d are ended", ended)
		}
		synctest.Wait()
		next := p.lift().next()
		if got := next.becomes("a", time.Minute); got != "a stopped, " || next.starts() > 0 {
			t.Errorf("%s and %d processes were started", got, next.starts())
		}
		if left := p.all(""); len(left) > 0 {
			t.Errorf("%d processes go on here", len(left))
		}
	})
}

// TestHandoverOver: a task that has ended just now, and whose life is not over yet, is not run again.
func TestHandoverOver(t *testing.T) {
	t.Parallel()
	alone(t, App{NoRestart: true}, func(t *testing.T, p *play) {
		l := p.service("a").list()[0].life
		l.work.Add(1) // as what attends to the process does
		p.newest("a").end(exits(0))
		time.Sleep(time.Hour) // nobody comes for what its hub keeps
		h := p.lift()
		l.work.Done()
		next := h.next()
		if got := next.becomes("a", time.Minute); got != "a stopped, " || next.starts() > 0 || !next.one("a").completed {
			t.Errorf("%s and %d processes were started: %+v", got, next.starts(), next.one("a"))
		}
	})
}

// TestHandoverErrored: what is errored, and whose hub is handed over because its life is not over yet, is
// errored there, too.
func TestHandoverErrored(t *testing.T) {
	t.Parallel()
	alone(t, App{MaxRestarts: 1, RestartDelay: time.Second}, func(t *testing.T, p *play) {
		p.newest("a").end(exits(1))
		time.Sleep(time.Second)
		synctest.Wait()
		l := p.service("a").list()[0].life
		l.work.Add(1)
		viewer, _ := l.hub.Attach(&libwebsocketd.Attach{Polling: true}, shared.From{})
		viewer.Close() // for a moment: it may come back for the end
		p.newest("a").end(exits(1))
		synctest.Wait()
		h := p.lift()
		l.work.Done()
		next := h.next()
		if got := next.becomes("a", time.Minute); got != "a errored, " || next.starts() > 0 {
			t.Errorf("%s and %d processes were started", got, next.starts())
		}
	})
}

// TestHandoverStop: a stop, or any other operation, that comes while the server stands still is not told as
// done when another one goes on with the program.
func TestHandoverStop(t *testing.T) {
	t.Parallel()
	pausing(t, func(t *testing.T, p *play) {
		ctx := context.Background()
		h := p.lift()
		asked := []func() error{
			func() error { return p.Stop(ctx, "a") },
			func() error { return p.Delete(ctx, "a") },
			func() error { return p.Start(ctx, "a") },
			func() error { return p.Restart(ctx, "a") },
			func() error { return p.Manager.Reload(ctx, "a") },
			func() error { return p.Scale(ctx, "a", 2) },
		}
		answers := make(chan error, len(asked))
		for _, ask := range asked {
			go func() { answers <- ask() }()
		}
		synctest.Wait()
		next := h.next()
		for range asked {
			p.fails(<-answers, "a new server goes on with a: ask again")
		}
		p.fails(p.Stop(ctx, "a"), "a new server goes on with a: ask again")
		p.fails(p.Add(ctx, p.program("b", App{})), "add program: a new server goes on with the programs: ask again")
		if got := next.becomes("a", time.Minute); got != "a online, " || p.starts() != 1 {
			t.Errorf("%s and %d processes were started by the one before", got, p.starts())
		}
	})
}

// TestHandoverStopGoesOn: a stop that comes while the server stands still is done when that goes on.
func TestHandoverStopGoesOn(t *testing.T) {
	t.Parallel()
	pausing(t, func(t *testing.T, p *play) {
		h := p.lift()
		stopped := make(chan error)
		go func() { stopped <- p.Stop(context.Background(), "a") }()
		synctest.Wait()
		h.settle(false)
		p.must(<-stopped)
		if got := p.becomes("a", time.Minute); got != "a stopped, " || p.starts() != 1 {
			t.Errorf("%s and %d processes were started", got, p.starts())
		}
	})
}

// TestHandoverOpen: a client that waits while the server stands still is sent to the one that goes on.
func TestHandoverOpen(t *testing.T) {
	t.Parallel()
	pausing(t, func(t *testing.T, p *play) {
		s := p.service("a")
		h := p.lift()
		refused := make(chan *gate.Refusal)
		go func() {
			_, refusal := s.Open(&libwebsocketd.Attach{Request: httptest.NewRequest("GET", "/", nil), Log: s.runtime.Log(), MayStart: true})
			refused <- refusal
		}()
		synctest.Wait()
		h.next()
		if refusal := <-refused; refusal != gate.HandedOver {
			t.Errorf("%+v", refusal)
		}
		if _, refusal := s.choose(httptest.NewRequest("GET", "/", nil), shared.From{}); refusal != gate.HandedOver {
			t.Errorf("afterwards: %+v", refusal)
		}
	})
}

// TestHandoverReady: what says that a process is ready is passed on, also before it was heeded.
func TestHandoverReady(t *testing.T) {
	t.Parallel()
	alone(t, App{Ready: &Ready{Line: "up"}}, func(t *testing.T, p *play) {
		i := p.service("a").list()[0]
		passed := func() bool {
			one, err := libwebsocketd.NewHanded(i.pass(&shared.Handed{Process: &libwebsocketd.Carried{}}))
			p.must(err)
			var v handedInstance
			p.must(one.Decode(&v))
			return v.Run.Ready
		}
		if passed() {
			t.Error("it is not ready")
		}
		i.run.line.seen.Store(true) // as look does it first
		if !passed() {
			t.Error("its line was seen")
		}
		i.run.line.seen.Store(false)
		notified := &notifySocket{ready: make(chan struct{})}
		i.mu.Lock()
		i.run.notify = notified
		i.mu.Unlock()
		notified.take(notice{ready: true})
		if !passed() {
			t.Error("READY=1 has come")
		}
	})
}

// TestHandoverReadyLate: a process that cannot be heard while the server stands still is not late.
func TestHandoverReadyLate(t *testing.T) {
	t.Parallel()
	alone(t, App{Ready: &Ready{Line: "up", Timeout: time.Minute}}, func(t *testing.T, p *play) {
		s := p.service("a")
		p.must(s.take(t.Context()))
		s.stand()
		time.Sleep(2 * time.Minute)
		s.goOn()
		synctest.Wait()
		p.up("a")
		if got := p.becomes("a", time.Hour); got != "a online, " || p.starts() != 1 {
			t.Errorf("%s and %d processes were started", got, p.starts())
		}
	})
}

// TestHandoverDue: a task is started when it would have been without an upgrade, also where that is while
// the server stands still.
func TestHandoverDue(t *testing.T) {
	t.Parallel()
	for _, still := range []time.Duration{time.Minute, 20 * time.Minute} {
		alone(t, App{Every: time.Hour}, func(t *testing.T, p *play) {
			began := time.Now()
			p.newest("a").end(exits(0))
			time.Sleep(50 * time.Minute)
			h := p.lift()
			time.Sleep(still)
			next := h.next()
			for _, expected := range []struct {
				after  time.Duration
				starts int
			}{{51 * time.Minute, 0}, {71 * time.Minute, 1}, {119 * time.Minute, 1}, {121 * time.Minute, 2}, {181 * time.Minute, 3}} {
				time.Sleep(expected.after - time.Since(began))
				if synctest.Wait(); time.Since(began) == expected.after && next.starts() != expected.starts {
					t.Errorf("still for %s: after %s it was started %d times", still, expected.after, next.starts())
				}
				for _, c := range next.all("a") {
					c.end(exits(0))
				}
			}
			if p.starts() != 1 {
				t.Errorf("it was started %d times by the server before", p.starts())
			}
		})
	}
}

// TestHandoverChanged: a file that changes while another server hands the instances over restarts them.
func TestHandoverChanged(t *testing.T) {
	t.Parallel()
	alone(t, App{MaxRestarts: 1}, func(t *testing.T, p *play) {
		p.with(func() { p.startup = func(c *fakeChild) { go c.end(exits(1)) } })
		p.newest("a").end(exits(1))
		if got := p.becomes("a", time.Minute); got != "a errored, " {
			t.Fatal(got)
		}
		h := p.lift()
		serve := h.serve
		h.serve = func(begun <-chan struct{}) *play {
			next := serve(begun)
			go next.service("a").changed("main.js")
			synctest.Wait()
			return next
		}
		if got := h.next().becomes("a", time.Second); got != "a online, " {
			t.Error(got)
		}
	})
}

// TestReloadDue: so it is with other settings of the same server; those may make it earlier.
func TestReloadDue(t *testing.T) {
	t.Parallel()
	for every, due := range map[time.Duration]time.Duration{time.Hour: 20 * time.Minute, 2 * time.Hour: 20 * time.Minute, 5 * time.Minute: 5 * time.Minute} {
		alone(t, App{Every: time.Hour}, func(t *testing.T, p *play) {
			p.newest("a").end(exits(0))
			time.Sleep(40 * time.Minute)
			p.must(p.Server.Reload([]libwebsocketd.Program{p.program("a", App{Every: every, LogKeep: 1})}))
			if p.becomes("a", due-time.Second); p.starts() != 1 {
				t.Errorf("every %s: it was started %d times", every, p.starts())
			}
			if p.becomes("a", 2*time.Second); p.starts() != 2 {
				t.Errorf("every %s: it was started %d times when it was due", every, p.starts())
			}
		})
	}
}
