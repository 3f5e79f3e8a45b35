package shared

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/process"
)

// TestLiftEnded: a hub whose process ends just as it is lifted is handed over with how that has ended.
func TestLiftEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p := newStage(t, Lifetime{Start: StartEager}, false)
		s.setProcess(p)
		var playing sync.WaitGroup
		playing.Go(func() { // as a hub does
			l := <-s.lifts
			s.admitAgain(l)
			l.still <- endedMeanwhile
			if s.answer(<-s.lifts, &libwebsocketd.EndedError{Ending: process.Ending{Code: 3}}, true) {
				t.Error("it was not taken")
			}
		})
		lifted, err := s.Lift(t.Context())
		if err != nil || lifted == nil || !lifted.Over || lifted.Ending == nil || lifted.Ending.Exit.Code != 3 {
			t.Fatalf("%+v, %v", lifted, err)
		}
		lifted.settle(false, nil)
		playing.Wait()
		s.run()
		p.end(process.Ending{})
	})
}

// TestDismissed: what viewers have sent when they are sent away is taken, also what waited then for
// its turn.
func TestDismissed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p := newStage(t, Lifetime{Start: StartEager}, false)
		a, b := s.viewer("/"), s.viewer("/")
		s.run()
		var sending sync.WaitGroup
		for _, sub := range []*Subscription{a, b} {
			sending.Go(func() {
				if err := sub.Send(texts("one", "two")); err != nil {
					t.Errorf("Send: %v", err)
				}
				sub.ClientSilent()
			})
			synctest.Wait()
		}
		go a.hub.dismiss(t.Context())
		synctest.Wait()
		for _, want := range []string{"one", "two", "one", "two"} {
			if word := <-p.heard; word != want {
				t.Errorf("%q was heard, want %q", word, want)
			}
		}
		sending.Wait()
		a.Close()
		b.Close()
		a.hub.admitAgain(&lift{away: a.hub.still})
		s.viewer("/").Close()
	})
}

// TestDismissedLate: a client that is late because the machine is busy is heard, too.
func TestDismissedLate(t *testing.T) {
	defer func(before func() float64) { crowd = before }(crowd)
	crowd = func() float64 { return 5 }
	synctest.Test(t, func(t *testing.T) {
		s, p := newStage(t, Lifetime{Start: StartEager}, false)
		sub := s.viewer("/")
		s.run()
		var all sync.WaitGroup
		left := make(chan string, 2)
		all.Go(func() {
			s.dismiss(t.Context())
			left <- "the hub does not wait for the client"
		})
		synctest.Wait()
		all.Go(func() {
			sub.Close()
			left <- "the client is not heard any more"
		})
		time.Sleep(4 * time.Second)
		select {
		case what := <-left:
			t.Error(what)
		default:
		}
		all.Go(func() {
			if err := sub.Send(texts("late")); err != nil {
				t.Errorf("Send: %v", err)
			}
			sub.ClientSilent()
		})
		if word := <-p.heard; word != "late" {
			t.Errorf("%q was heard", word)
		}
		all.Wait()
		s.admitAgain(&lift{away: s.still})
		s.viewer("/").Close()
	})
}

// TestLiftLate: a hub that does not stand still in time is not waited for, and goes on as soon as it does.
func TestLiftLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p := newStage(t, Lifetime{Start: StartEager}, false)
		s.setProcess(p)
		late := make(chan bool, 1)
		var playing sync.WaitGroup
		playing.Go(func() { // as a hub does
			l := <-s.lifts
			time.Sleep(time.Hour)
			l.still <- &Lifted{lift: l}
			late <- <-l.taken
		})
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		if lifted, err := s.Lift(ctx); lifted != nil || err != errBusy {
			t.Errorf("%+v, %v", lifted, err)
		}
		if <-late {
			t.Error("it was told that another server goes on with it")
		}
		s.viewer("/").Close() // they are let in again
		playing.Wait()
		s.run()
		p.end(process.Ending{})
	})
}

// TestInputPassed: the sender of what the process of another server gets is told that it is taken; else it
// would send that again.
func TestInputPassed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p := newStage(t, Lifetime{Restart: RestartAlways, Start: StartEager}, false)
		s.run()
		p.stop.Do(func() { close(p.gone) }) // it takes nothing
		var sending sync.WaitGroup
		sending.Go(func() {
			if err := s.Send(texts("hello")); err != nil {
				t.Errorf("Send: %v", err)
			}
		})
		synctest.Wait()
		p.ended <- &libwebsocketd.EndedError{}
		synctest.Wait() // now the hub waits before it starts another one
		lifted, err := s.Lift(t.Context())
		if err != nil || len(lifted.Input) != 1 || string(lifted.Input[0].Data) != "hello" {
			t.Fatalf("%+v, %v", lifted, err)
		}
		lifted.settle(true, nil)
		sending.Wait()
	})
}

// TestEndPassed: a hub that is to end, and stands still nevertheless, is not handed over: the other server
// would go on with it.
func TestEndPassed(t *testing.T) {
	for _, moment := range []string{"before it stands still", "while it is passed", "afterwards"} {
		synctest.Test(t, func(t *testing.T) {
			s, _ := newStage(t, Lifetime{Start: StartEager}, false)
			end := func(now string) {
				if now == moment {
					s.End()
				}
			}
			s.Pass = func(Handed) any {
				end("while it is passed")
				return 0
			}
			var taken bool
			var playing sync.WaitGroup
			playing.Go(func() { // as a hub does, which may take this before its end
				l := <-s.lifts
				end("before it stands still")
				l.still <- &Lifted{lift: l}
				taken = <-l.taken
				close(l.gone)
			})
			all, settle, err := LiftAll(t.Context(), nil, []*Hub{s.Hub})
			if late := moment == "afterwards"; err != nil || len(all) == 1 != late {
				t.Errorf("%s: %v %v", moment, all, err)
			}
			end("afterwards")
			settle(true)
			playing.Wait()
			if taken != (moment == "afterwards") {
				t.Errorf("%s: taken over: %v", moment, taken)
			}
		})
	}
}

// TestToldPassed: that some client may have been told the end is handed over, also where nobody has heeded it yet.
func TestToldPassed(t *testing.T) {
	s, _ := newStage(t, Lifetime{Start: StartEager}, false)
	for _, told := range []bool{false, true} {
		if told {
			s.tellSomebody()
		}
		if from := s.snapshot(); from.Known != told {
			t.Errorf("told: %v, handed over: %v", told, from.Known)
		}
	}
}

// TestExpiryPassed: a hub that is kept for ever, and whose end some client may have been told, does not stay
// for ever because another server goes on with it, nor because that one reads its settings again.
func TestExpiryPassed(t *testing.T) { expires(t, 0, func(next *Hub) { next.KeepFor(0) }) }

// TestKnownPassed: nor does one that was not kept for ever, because that one has other settings.
func TestKnownPassed(t *testing.T) { expires(t, time.Hour, func(*Hub) {}) }

// expires expects a hub that was kept for so long, 0 is for ever, and whose end some client may have been told, to
// be kept for toldTime by another server that keeps such hubs for ever.
func expires(t *testing.T, linger time.Duration, also func(next *Hub)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s, p := newStageOf(t, HubOptions{Life: Lifetime{Linger: linger}.complete(), Hold: true, Stays: linger == 0})
		s.run()
		p.end(process.Ending{Code: 3})
		<-s.done
		s.said <- struct{}{}
		synctest.Wait()
		lifted, err := s.Lift(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer lifted.settle(true, nil)
		passed, err := libwebsocketd.NewHanded(lifted.Handed)
		if err != nil {
			t.Fatal(err)
		}
		var from Handed
		if err := passed.Decode(&from); err != nil {
			t.Fatal(err)
		}
		o := s.HubOptions
		o.Life.Linger, o.Stays = 0, true
		next := Restore(o, &from)
		also(next)
		defer time.AfterFunc(time.Hour, next.End).Stop()
		began := time.Now()
		if next.outlast(nil) || time.Since(began) != toldTime {
			t.Errorf("it was kept for %s", time.Since(began))
		}
	})
}

// TestAdmitAgain: a lift that was given up ends late, and does not let viewers in while there is another
// one; nor are there two at once.
func TestAdmitAgain(t *testing.T) {
	s, _ := newStage(t, Lifetime{Start: StartEager}, false)
	var lifts [2]lift
	for i := range lifts {
		away, err := s.dismiss(t.Context())
		if away == nil {
			t.Fatal(err)
		}
		lifts[i].away = away
		s.admitAgain(&lifts[0])
	}
	if sub, refusal := s.Attach(&libwebsocketd.Attach{}, From{}); sub != nil || refusal != nil {
		t.Errorf("a viewer is let in, or refused: %v", refusal)
	}
	if away, err := s.dismiss(t.Context()); away != nil || err != errBusy {
		t.Errorf("there are two at once: %v", err)
	}
	s.admitAgain(&lifts[1])
	s.viewer("/").Close()
}
