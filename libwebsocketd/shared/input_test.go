package shared

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/process"
)

// TestInput: which viewers are listened to.
func TestInput(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		input            Input
		first, second    bool // are heard
		secondAfterLeave bool // of the first
	}{
		{InputAll, true, true, true},
		{InputFirst, true, false, true},
		{InputNone, false, false, false},
	} {
		t.Run(string(test.input), func(t *testing.T) {
			t.Parallel()
			s, p := newStage(t, Lifetime{Input: test.input}, false)
			a, b := s.viewer("/"), s.viewer("/")
			s.run()
			hears := func(sub *Subscription, want bool) {
				t.Helper()
				sent := make(chan error, 1)
				go func() { sent <- sub.Send(texts("hello", "you")) }()
				if want && (<-p.heard != "hello" || <-p.heard != "you") {
					t.Error("something else was heard")
				}
				if err := <-sent; err != nil {
					t.Error(err)
				}
			}
			hears(a, test.first)
			hears(b, test.second)
			a.Close()
			hears(b, test.secondAfterLeave)
		})
	}
}

// TestInputWaits: what is sent while there is no process goes to the next one.
func TestInputWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p := newStage(t, Lifetime{Restart: RestartAlways}, false)
		a, b := s.viewer("/"), s.viewer("/")
		s.run()
		synctest.Wait()
		p.end(process.Ending{})
		synctest.Wait()
		var sending sync.WaitGroup
		defer sending.Wait()
		for _, sub := range []*Subscription{a, b} {
			sending.Go(func() {
				if err := sub.Send(texts("hello")); err != nil {
					t.Error(err)
				}
			})
		}
		p = <-s.programs
		for range 2 {
			if word := <-p.heard; word != "hello" {
				t.Errorf("%q was heard", word)
			}
		}
	})
}

// TestInputLeaves: a viewer that leaves does not wait for a process that takes nothing.
// What it has begun to send is sent to its end.
func TestInputLeaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p := newStage(t, Lifetime{Start: StartEager}, false)
		a, b := s.viewer("/"), s.viewer("/")
		s.run()
		var sending sync.WaitGroup
		for _, sub := range []*Subscription{a, b} {
			sending.Go(func() {
				batch := texts("one", "two")
				if err := sub.Send(batch); err != errLeft {
					t.Errorf("Send: %v", err)
				}
				copy(batch[1].Data, "TWO") // the memory is reused now
			})
			synctest.Wait()
		}
		a.Close()
		b.Close()
		sending.Wait()
		c := s.viewer("/")
		sending.Go(func() {
			if err := c.Send(texts("three")); err != nil {
				t.Error(err)
			}
		})
		for _, want := range []string{"one", "two", "three"} {
			if word := <-p.heard; word != want {
				t.Errorf("%q was heard, want %q", word, want)
			}
		}
		sending.Wait()
	})
}

// TestInputDeaf: when a process takes no more, its viewer gets an error, unless another
// process may follow.
func TestInputDeaf(t *testing.T) {
	for _, test := range []struct {
		life Lifetime
		deaf bool
	}{{Lifetime{}, true}, {Lifetime{Restart: RestartOnFailure}, false}, {Lifetime{Watch: true}, false}} {
		synctest.Test(t, func(t *testing.T) {
			s, p := newStage(t, test.life, false)
			sub := s.viewer("/")
			close(p.gone) // its input
			p.stop.Do(func() {})
			s.run()
			if err := sub.Send(texts("hello")); (err != nil) != test.deaf {
				t.Errorf("%+v: %v", test.life, err)
			}
			p.ended <- &libwebsocketd.EndedError{}
		})
	}
}

// TestInputNotTaken: what a process does not take because it ends goes to the next one,
// and so does what is sent while it is being ended.
func TestInputNotTaken(t *testing.T) {
	for _, byLadder := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			s, p := newStage(t, Lifetime{Restart: RestartAlways, Watch: true}, false)
			sub := s.viewer("/")
			p.stop.Do(func() {}) // it takes its time to end
			close(p.gone)        // but takes nothing more
			s.run()
			if byLadder {
				s.change()
				synctest.Wait()
			}
			var sending sync.WaitGroup
			sending.Go(func() {
				if err := sub.Send(texts("hello")); err != nil {
					t.Error(err)
				}
			})
			synctest.Wait()
			p.ended <- &libwebsocketd.EndedError{}
			p = <-s.programs
			if word := <-p.heard; word != "hello" {
				t.Errorf("%q was heard", word)
			}
			sending.Wait()
		})
	}
}

// TestRefused: the sender of a message that the framing cannot carry gets the error.
func TestRefused(t *testing.T) {
	t.Parallel()
	s, _ := newStage(t, Lifetime{Restart: RestartAlways}, false)
	sub := s.viewer("/")
	s.run()
	if err := sub.Send(texts("refuse me")); err == nil || err.Error() != "closed with 1008: as you wish" {
		t.Errorf("Send: %v", err)
	}
}

// TestInputGivenUp: what is not wanted any more is given to no process.
func TestInputGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p := newStage(t, Lifetime{Restart: RestartAlways}, false)
		sub := s.viewer("/")
		s.run()
		ctx, giveUp := context.WithCancel(t.Context())
		var sending sync.WaitGroup
		for _, word := range []string{"begun", "not begun"} {
			sending.Go(func() {
				if err := sub.SendUntil(ctx, texts(word)...); err != errLeft {
					t.Errorf("%s: %v", word, err)
				}
			})
			synctest.Wait()
		}
		p.end(process.Ending{})
		synctest.Wait()
		giveUp()
		sending.Wait()
		sending.Go(func() {
			if err := sub.SendUntil(t.Context(), texts("hello")...); err != nil {
				t.Error(err)
			}
		})
		p = <-s.programs
		if word := <-p.heard; word != "hello" {
			t.Errorf("%q was heard", word)
		}
		sending.Wait()
	})
}

// TestInputOfOneProcess: what a viewer sends that is told of endings is for the process that it knows
// of, whenever it reads that this has ended.
func TestInputOfOneProcess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p := newStage(t, Lifetime{Restart: RestartAlways}, false)
		sub := s.viewer("/", func(call *libwebsocketd.Attach) { call.Endings = true })
		s.run()
		var sending sync.WaitGroup
		send := func(word string, want error) {
			sending.Go(func() {
				if err := sub.SendUntil(t.Context(), texts(word)...); err != want {
					t.Errorf("%s: %v", word, err)
				}
			})
			synctest.Wait()
		}
		send("begun", errMissed)
		send("not begun", errMissed)
		p.end(process.Ending{})
		synctest.Wait()
		send("before it is told", errMissed)
		p = <-s.programs
		sending.Wait()
		expect(t, sub, "1:[websocketd: ended with exit status 0]")
		send("hello", nil)
		if word := <-p.heard; word != "hello" {
			t.Errorf("%q was heard", word)
		}
		sending.Wait()
	})
}
