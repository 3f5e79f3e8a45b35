package shared

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/process"
)

// holding opens a hub that keeps what is not confirmed: half of 16 KiB, and one item more.
func holding(t *testing.T, o HubOptions) (*stage, *fakeProgram) {
	t.Helper()
	o.Hold = true
	o.Life.History = 16 << 10
	o.Life = o.Life.complete()
	s, p := newStageOf(t, o)
	s.run()
	return s, p
}

// sayMuch has the program say kilobytes until it is ended.
func sayMuch(p *fakeProgram, kilobytes int) (said chan int) {
	said = make(chan int, kilobytes)
	go func() {
		defer close(said)
		for n := range kilobytes {
			select {
			case p.says <- texts(strings.Repeat("x", 1000)):
				said <- n
			case <-p.gone:
				return
			}
		}
	}()
	return said
}

// TestHoldWaits: without a client the process waits at half of the history. It goes on
// when a client confirms, and not because one came and took everything.
func TestHoldWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p := holding(t, HubOptions{Stays: true})
		said := sayMuch(p, 20)
		time.Sleep(time.Hour)
		held := len(said)
		if held < 4 || held > 8 {
			t.Fatalf("the process waits after %d KB", held)
		}
		v := s.viewer("/")
		for _, last := s.output.Kept(); v.After() < last; {
			if d, err := v.Deliveries(); err != nil || d[0].Chunk == nil {
				t.Fatal(d, err)
			}
		}
		time.Sleep(time.Minute)
		if n := len(said); n > held+2 {
			t.Errorf("it has gone on to %d KB", n)
		}
		s.Confirm(3)
		synctest.Wait()
		if n := len(said); n < held+2 || n > held+3 {
			t.Errorf("after 3 were confirmed it has gone on from %d KB to %d", held, n)
		}
		again := s.viewer("/?after=ack")
		if d, err := again.Deliveries(); err != nil || d[0].First != 4 {
			t.Errorf("after=ack begins at %v, %v", d, err)
		}
		if s.Confirm(1 << 40); s.Confirmed() > 20 {
			t.Errorf("message %d is confirmed", s.Confirmed())
		}
		p.end(process.Ending{})
	})
}

// TestHoldTooSlow: a viewer that is behind what another one has confirmed is told a way out
// that there is in a session.
func TestHoldTooSlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p := holding(t, HubOptions{Stays: true})
		v := s.viewer("/?after=0")
		sayMuch(p, 100)
		for range 100 {
			time.Sleep(time.Second)
			_, last := s.output.Kept()
			s.Confirm(last)
		}
		for {
			_, err := v.Deliveries()
			if err == nil {
				continue
			}
			if !strings.Contains(err.Error(), "1013: too slow") || strings.Contains(err.Error(), "--slowclient") || !strings.Contains(err.Error(), "gap=ok") {
				t.Errorf("it is told %q", err)
			}
			break
		}
		p.end(process.Ending{})
	})
}

// TestHoldExpires: a process that waits for a client nobody sends is ended, tree and all,
// when its time is over; also one that was ended for another to follow.
func TestHoldExpires(t *testing.T) {
	for name, change := range map[string]bool{"waiting": false, "to be restarted": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, p := holding(t, HubOptions{Life: Lifetime{Linger: time.Minute}})
				sayMuch(p, 20)
				time.Sleep(time.Minute - time.Millisecond)
				if closed(s.done) || closed(p.gone) {
					t.Error("it has ended too early")
				}
				if change {
					s.change()
				}
				time.Sleep(2 * time.Millisecond)
				<-p.gone
				<-s.done
				if sub, _ := s.attachTo("/"); sub != nil {
					t.Error("a client can still come")
				}
			})
		})
	}
}

// TestHoldIsKept: what a process has said is kept after its end until a client was told
// the end, or for its time without clients.
func TestHoldIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, told := range []bool{true, false} {
			gone := make(chan struct{})
			s, p := holding(t, HubOptions{Life: Lifetime{Linger: time.Minute}})
			s.Gone = func() { close(gone) }
			p.says <- texts("one")
			p.end(process.Ending{Code: 3})
			<-s.done
			time.Sleep(time.Minute - time.Second)
			v := s.viewer("/")
			expect(t, v, "1:one", "error: exit status 3")
			time.Sleep(time.Hour) // it is read for as long as it takes
			if told {
				s.ConfirmEnd()
			}
			v.Close()
			synctest.Wait()
			if closed(gone) != told {
				t.Errorf("told %v, gone %v", told, closed(gone))
			}
			time.Sleep(time.Minute + time.Millisecond)
			if !closed(gone) {
				t.Error("it is kept for longer")
			}
		}
	})
}

// TestEnd: End ends the process though it waits for a client, and tells those who are
// there.
func TestEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p := holding(t, HubOptions{Stays: true})
		sayMuch(p, 20)
		v := s.viewer("/")
		synctest.Wait()
		s.End()
		<-s.done
		for {
			if _, err := v.Deliveries(); err != nil {
				if ended := new(libwebsocketd.EndedError); !errors.As(err, &ended) {
					t.Errorf("the client is told: %v", err)
				}
				return
			}
		}
	})
}

// TestDo: functions are called in turn with messages; a panic in one ends nothing else.
func TestDo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fed := 0
		s, p := holding(t, HubOptions{Stays: true, Fed: func() { fed++ }})
		v := s.viewer("/")
		sent := make(chan error)
		go func() { sent <- v.Send(texts("a")) }()
		synctest.Wait()
		called := make(chan error, 1)
		during := false
		go func() { called <- s.Do(func() { during = fed == 0 }) }()
		synctest.Wait()
		if len(called) > 0 {
			t.Error("the function was called during a message")
		}
		if heard := <-p.heard; heard != "a" {
			t.Error(heard)
		}
		if err := errors.Join(<-sent, <-called); err != nil || during || fed != 1 {
			t.Errorf("%v; during %v, fed %d times", err, during, fed)
		}
		if err := s.Do(func() { panic("oh") }); err == nil || err.Error() != "panic: oh" {
			t.Errorf("a panic is %v", err)
		}
		if err := s.Do(func() {}); err != nil {
			t.Error(err)
		}
		s.End()
		<-s.done
		if err := s.Do(func() {}); err != errOver {
			t.Errorf("at the end: %v", err)
		}
	})
}

// TestSay: everybody gets what the hub says, with a number, and one viewer alone what is
// said to that one, without.
func TestSay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p := holding(t, HubOptions{Stays: true, Strict: true})
		a, b := s.viewer("/"), s.viewer("/")
		p.says <- texts("one")
		synctest.Wait()
		if err := errors.Join(s.Say(texts("two")), a.Say("for you"), s.Say(texts("three"))); err != nil {
			t.Fatal(err)
		}
		expect(t, a, "1:one 2:two 3:for you 3:three")
		expect(t, b, "1:one 2:two 3:three")
		quiet := s.viewer("/?notes=no")
		if quiet.Say("for you") == nil {
			t.Error("a client that takes no notes is sent one")
		}
		expect(t, quiet, "1:one 2:two 3:three")
		p.end(process.Ending{})
	})
}

// TestGoneTakesNobody: when Gone is called no viewer can be attached any more, whatever it
// names.
func TestGoneTakesNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p := newStageOf(t, HubOptions{Hold: true, Life: Lifetime{Linger: time.Minute, History: 1000}.complete()})
		gone := make(chan bool)
		s.Gone = func() {
			for _, url := range []string{"/", "/?after=0"} {
				if sub, refusal := s.attachTo(url); sub != nil || refusal != nil {
					t.Errorf("%s: %v, %v", url, sub, refusal)
				}
			}
			close(gone)
		}
		s.run()
		p.end(process.Ending{})
		<-gone
	})
}

// TestHoldMaybeTold: when a client of plain HTTP was told the end, that is kept all the
// same, though not for ever: a proxy may have taken what the client never got.
func TestHoldMaybeTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for linger, stays := range map[time.Duration]time.Duration{time.Hour: time.Hour, time.Second: time.Second, 0: toldTime} {
			gone := make(chan struct{})
			s, p := holding(t, HubOptions{Life: Lifetime{Linger: linger}, Stays: linger == 0})
			s.Gone = func() { close(gone) }
			p.says <- texts("one")
			p.end(process.Ending{Code: 3})
			<-s.done
			v := s.viewer("/", func(c *libwebsocketd.Attach) { c.OutOfBand = true })
			expect(t, v, "1:one", "error: exit status 3")
			Confirmer{v}.ConfirmEnd()
			v.Close()
			time.Sleep(stays - time.Millisecond)
			if closed(gone) {
				t.Errorf("with --resume=%s it is gone too early", linger)
			}
			time.Sleep(2 * time.Millisecond)
			if !closed(gone) {
				t.Errorf("with --resume=%s it is kept for too long", linger)
			}
		}
	})
}

// TestFedWaits: what Fed adds to a full record does not keep a hub whose process has ended:
// neither from End, nor when its time is over.
func TestFedWaits(t *testing.T) {
	for what, end := range map[string]func(*stage){
		"End":        func(s *stage) { s.End() },
		"its time":   func(*stage) {},
		"a shutdown": func(s *stage) { s.goAway() },
	} {
		synctest.Test(t, func(t *testing.T) {
			var s *stage
			s, p := holding(t, HubOptions{Life: Lifetime{Linger: time.Hour}, Fed: func() {
				for range 20 {
					s.Say(texts(strings.Repeat("x", 1000)))
				}
			}})
			go s.Hub.Send(texts("more"))
			<-p.heard
			synctest.Wait()
			p.end(process.Ending{})
			synctest.Wait()
			if closed(s.Done()) {
				t.Fatal("there should be no room")
			}
			end(s)
			time.Sleep(time.Hour + time.Second)
			if synctest.Wait(); !closed(s.Done()) {
				t.Errorf("%s has not ended it", what)
				s.goAway()
			}
		})
	}
}
