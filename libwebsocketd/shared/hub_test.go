package shared

import (
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/flow"
	"websocketd/libwebsocketd/gate"
	"websocketd/libwebsocketd/process"
)

// TestEndingIsTold: everybody gets everything, and then how it ended.
func TestEndingIsTold(t *testing.T) {
	t.Parallel()
	s, p := newStage(t, Lifetime{}, false)
	a, b := s.viewer("/"), s.viewer("/")
	s.run()
	p.says <- texts("one", "two")
	expect(t, a, "1:one 2:two")
	p.says <- texts("three")
	p.end(process.Ending{Code: 3})
	expect(t, a, "3:three", "error: exit status 3", "error: exit status 3")
	expect(t, b, "1:one 2:two 3:three", "error: exit status 3")
}

// TestLateViewer gets what is kept, and then what comes.
func TestLateViewer(t *testing.T) {
	t.Parallel()
	s, p := newStage(t, Lifetime{}, false)
	first := s.viewer("/")
	s.run()
	p.says <- texts("one", "two")
	p.says <- texts("three")
	expect(t, first, "1:one 2:two 3:three")
	late := s.viewer("/")
	third := s.viewer("/?after=1")
	p.says <- texts("four")
	expect(t, first, "4:four")
	expect(t, late, "1:one 2:two 3:three 4:four")
	expect(t, third, "2:two 3:three 4:four")
	received := s.viewer("/")
	words := 0
	for words < 4 {
		batch, err := received.Receive()
		if err != nil {
			t.Fatal(err)
		}
		words += len(batch)
	}
	if last := received.batch[len(received.batch)-1]; words != 4 || string(last.Data) != "four" {
		t.Errorf("Receive yields %d messages, the last is %q", words, last.Data)
	}
}

// TestNothingInBetween: viewers come while the process talks as fast as it can, and
// whatever they begin with, nothing is lost or twice from then on.
func TestNothingInBetween(t *testing.T) {
	t.Parallel()
	const messages, viewers = 20000, 20
	s, p := newStage(t, Lifetime{History: 4 << 10, SlowClient: SlowBlock}, false)
	var all sync.WaitGroup
	listen := func(sub *Subscription) {
		all.Go(func() {
			last := uint64(0)
			for {
				deliveries, err := sub.Deliveries()
				if err != nil {
					if last != messages {
						t.Errorf("the last message is %d: %v", last, err)
					}
					return
				}
				for _, d := range deliveries {
					if last != 0 && d.First != last+1 {
						t.Errorf("%d follows %d", d.First, last)
					}
					last = d.First + uint64(d.Chunk.Tally().Messages) - 1
				}
			}
		})
	}
	listen(s.viewer("/"))
	s.run()
	for n := 0; n < messages; n += 10 {
		p.says <- texts("0", "1", "2", "3", "4", "5", "6", "7", "8", "9")
		if n%(messages/viewers) == 0 {
			listen(s.viewer("/"))
		}
	}
	p.end(process.Ending{})
	all.Wait()
}

// TestLinger: the process stays for a while when the last viewer has left.
func TestLinger(t *testing.T) {
	returns := func(c *libwebsocketd.Attach) { c.Polling = true }
	for _, test := range []struct {
		name  string
		life  Lifetime
		about []func(*libwebsocketd.Attach)
		stays time.Duration
	}{
		{"not at all", Lifetime{}, nil, 0},
		{"a minute", Lifetime{Linger: time.Minute}, nil, time.Minute},
		{"for who comes back", Lifetime{}, []func(*libwebsocketd.Attach){returns}, lease},
		{"the longer one", Lifetime{Linger: time.Hour}, []func(*libwebsocketd.Attach){returns}, time.Hour},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, p := newStage(t, test.life, false)
				sub := s.viewer("/", test.about...)
				s.run()
				time.Sleep(time.Second)
				sub.Close()
				if test.stays > 0 {
					time.Sleep(test.stays - time.Millisecond)
					again := s.viewer("/")
					time.Sleep(time.Hour)
					again.Close()
					time.Sleep(max(0, test.life.Linger-time.Millisecond))
				}
				began := time.Now()
				if test.life.Linger > 0 {
					isThere(t, p)
				}
				<-p.gone
				if took := time.Since(began); took > time.Millisecond {
					t.Errorf("it stayed %s too long", took)
				}
				<-s.done
			})
		})
	}
}

func isThere(t *testing.T, p *fakeProgram) {
	t.Helper()
	select {
	case <-p.gone:
		t.Error("the process is gone")
	default:
	}
}

// TestEagerStays: a process that was not started for a viewer does not leave with
// one, until the program is retired.
func TestEagerStays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p := newStage(t, Lifetime{Start: StartEager}, false)
		s.run()
		time.Sleep(time.Hour)
		sub := s.viewer("/")
		sub.Close()
		time.Sleep(time.Hour)
		isThere(t, p)
		s.Retire()
		<-s.done
	})
}

// TestRestart: another process takes the place of one that ended, after growing waits.
// Viewers are sent a note, and the numbers go on.
func TestRestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p := newStage(t, Lifetime{Restart: RestartOnFailure}, false)
		sub := s.viewer("/")
		s.run()
		p.says <- texts("one")
		expect(t, sub, "1:one")
		for i, wait := range []time.Duration{100, 200, 400, 800, 1600, 3200, 6400, 12800, 25600, 30000, 30000} {
			began := time.Now()
			p.end(process.Ending{Code: 7})
			p = <-s.programs
			if took := time.Since(began); took != wait*time.Millisecond {
				t.Errorf("wait %d was %s", i, took)
			}
			expect(t, sub, "2:[websocketd: restarted after exit status 7]")
		}
		time.Sleep(10 * time.Second) // a good run
		began := time.Now()
		p.end(process.Ending{Signal: 9})
		p = <-s.programs
		if took := time.Since(began); took != 100*time.Millisecond {
			t.Errorf("after a good run the wait was %s", took)
		}
		expect(t, sub, "2:[websocketd: restarted after signal: SIGKILL]")
		p.says <- texts("two")
		expect(t, sub, "2:two")
		p.end(process.Ending{})
		expect(t, sub, "error: exit status 0")
	})
}

// TestRestartNobody: without viewers no process is started again.
func TestRestartNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p := newStage(t, Lifetime{Restart: RestartAlways}, false)
		sub := s.viewer("/")
		s.run()
		synctest.Wait()
		p.end(process.Ending{})
		synctest.Wait() // it waits before the next start
		sub.Close()
		<-s.done
		if len(s.programs) != 0 {
			t.Error("a process was started for nobody")
		}
	})
}

// TestRestartStrict: where a note would be taken for a message, or a client wants none, a
// viewer is closed. It comes back, and has missed nothing.
func TestRestartStrict(t *testing.T) {
	t.Parallel()
	for _, strict := range []bool{true, false} {
		s, p := newStage(t, Lifetime{Restart: RestartAlways}, strict)
		query := map[bool]string{false: "notes=no"}[strict]
		plain := s.viewer("/?" + query)
		events := s.viewer("/?"+query, func(c *libwebsocketd.Attach) { c.OutOfBand = true })
		s.run()
		p.says <- texts("one")
		p.end(process.Ending{})
		p = <-s.programs
		expect(t, plain, "1:one")
		if got := next(plain); got != "error: closed with 1012: restarted after exit status 0" {
			t.Error(got)
		}
		p.says <- texts("two")
		expect(t, events, "1:one 2:[websocketd: restarted after exit status 0] 2:two")
		expect(t, s.viewer("/?after="+s.Epoch()+":1&"+query), "2:two")
	}
}

// TestRestartThatFails: what cannot be started is tried again, by the same rule.
func TestRestartThatFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p := newStage(t, Lifetime{Restart: RestartOnFailure}, false)
		sub := s.viewer("/")
		s.run()
		for range 3 {
			s.refuse <- &gate.Refusal{Status: 503}
		}
		began := time.Now()
		p.end(process.Ending{Code: 1})
		<-s.programs
		if took := time.Since(began); took != (100+200+400+800)*time.Millisecond {
			t.Errorf("it took %s", took)
		}
		expect(t, sub, "1:[websocketd: restarted after exit status 1]")
	})
}

// TestChanged: a process whose file has changed is restarted at once, whatever the
// policy. A start that fails is tried again, at the next change or before.
func TestChanged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := newStage(t, Lifetime{Watch: true}, false)
		sub := s.viewer("/")
		s.run()
		synctest.Wait()
		s.change()
		<-s.programs
		expect(t, sub, "1:[websocketd: restarted after signal: SIGINT]")
		began := time.Now()
		s.refuse <- &gate.Refusal{Status: 403}
		s.change()
		<-s.programs
		if took := time.Since(began); took != time.Second {
			t.Errorf("it was tried again after %s", took)
		}
		expect(t, sub, "1:[websocketd: restarted after signal: SIGINT]")
		began = time.Now()
		s.refuse <- &gate.Refusal{Status: 403}
		s.change()
		synctest.Wait()
		s.change()
		p := <-s.programs
		if took := time.Since(began); took != 0 {
			t.Errorf("after the change it was tried after %s", took)
		}
		p.says <- texts("one")
		synctest.Wait()
		expect(t, sub, "1:[websocketd: restarted after signal: SIGINT] 1:one")
		p.end(process.Ending{Code: 1})
		expect(t, sub, "error: exit status 1")
	})
}

// TestGoingAway: the last words reach viewers that are there.
func TestGoingAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p := newStage(t, Lifetime{Restart: RestartAlways}, false)
		sub := s.viewer("/")
		s.run()
		synctest.Wait()
		p.stop.Do(func() {}) // it takes its time
		s.goAway()
		var closing sync.WaitGroup
		closing.Go(func() { sub.Close() }) // as its client is closed
		synctest.Wait()
		p.says <- texts("last words")
		p.ended <- &libwebsocketd.EndedError{Ending: process.Ending{Code: 5}}
		expect(t, sub, "1:last words", "error: server is going away")
		closing.Wait()
	})
}

// TestGoingAwayBetweenTwoProcesses: the end is the server's, not that of the process
// which another one was to follow.
func TestGoingAwayBetweenTwoProcesses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p := newStage(t, Lifetime{Restart: RestartAlways}, false)
		sub := s.viewer("/")
		s.run()
		p.end(process.Ending{})
		synctest.Wait()
		s.goAway()
		expect(t, sub, "error: server is going away")
	})
}

// TestGoingAwayFromAFullRecord: SlowBlock ends with the server, also while a process is
// being ended for another reason, and within the time of the wall on a busy machine.
func TestGoingAwayFromAFullRecord(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		defer func(before func() float64) { crowd = before }(crowd)
		crowd = func() float64 { return 100 }
		s, p := newStage(t, Lifetime{SlowClient: SlowBlock, Watch: true, History: tenPieces}, false)
		s.viewer("/?after=0") // and never asks for more
		p.stop.Do(func() {})  // it does not end while it is not listened to
		s.run()
		flood(p, 11)
		synctest.Wait()
		s.change()
		synctest.Wait()
		began := time.Now()
		s.goAway()
		flood(p, 1)
		p.ended <- &libwebsocketd.EndedError{}
		<-s.done
		if took := time.Since(began); took > flow.MaxGrace+2*flow.LookInterval {
			t.Errorf("a viewer that stands still kept the end for %s", took)
		}
	})
}

// TestLeaving ends what a viewer waits for, and is nothing to the others.
func TestLeaving(t *testing.T) {
	t.Parallel()
	s, p := newStage(t, Lifetime{}, false)
	a, b := s.viewer("/"), s.viewer("/")
	s.run()
	var leaving sync.WaitGroup
	leaving.Go(func() { a.Close() })
	expect(t, a, "error: "+errLeft.Error(), "error: "+errLeft.Error())
	leaving.Wait()
	for i := range 5 {
		p.says <- texts(fmt.Sprint(i))
		expect(t, b, fmt.Sprintf("%d:%d", i+1, i))
	}
	expect(t, a, "error: "+errLeft.Error()) // not what was sent meanwhile
}

// TestFailedTakesNobody: who waits for a process that could not be started is no viewer of
// it, also with a position and where output is held.
func TestFailedTakesNobody(t *testing.T) {
	for _, hold := range []bool{true, false} {
		h := NewHub(HubOptions{Hold: hold, Life: Lifetime{}.complete(), Context: t.Context(), Log: slog.New(slog.DiscardHandler), Shelf: NewShelf(1, 1), Gone: func() {}})
		if err := h.Send(texts("x")); err != errNotStarted {
			t.Errorf("before the start Send returns %v", err)
		}
		h.Fail()
		s := &stage{Hub: h, t: t}
		for _, url := range []string{"/", "/?after=7"} {
			if sub, refusal := s.attachTo(url); sub != nil || refusal != nil {
				t.Errorf("hold %v, %s: %v, %v", hold, url, sub, refusal)
			}
		}
		if err := h.Send(texts("x")); err != errOver {
			t.Errorf("after it Send returns %v", err)
		}
	}
}
