package hub

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"websocketd/libwebsocketd/bridge"
)

// inBubble runs a test of a Hub whose time passes at once.
func inBubble(t *testing.T, o Options, test func(t *testing.T, h *Hub, join func() *link)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		h, serving, stop := run(o)
		synctest.Wait()
		defer stop()
		test(t, h, func() *link {
			l := join(t, h, serving)
			synctest.Wait()
			return l
		})
	})
}

// closedWith returns the code that a client was closed with, 0 before that, and -1 if it was
// not told.
func (l *link) closedWith() int {
	_, end := l.take()
	select {
	case <-l.done:
	default:
		return 0
	}
	if end == nil {
		return -1
	}
	code, _ := bridge.Closing(end)
	return code
}

// TestForgotten: a channel is forgotten ten minutes after its last message and its last
// subscriber, and not while it is open.
func TestForgotten(t *testing.T) {
	inBubble(t, Options{}, func(t *testing.T, h *Hub, join func() *link) {
		l := join()
		l.say(`{"type":"subscribe","data":"heard"}`)
		open, _ := h.Open("open", Limits{})
		h.SendToChannel("idle", Message{Type: "x"})
		synctest.Wait()
		known := func() (names string) {
			for _, i := range h.Infos() {
				names += i.Name + " "
			}
			return names
		}
		time.Sleep(forgetAfter - 2*time.Second)
		if got := known(); got != "heard idle open " {
			t.Errorf("before ten minutes: %s", got)
		}
		h.SendToChannel("idle", Message{Type: "x"})
		time.Sleep(forgetAfter - 2*time.Second)
		if got := known(); got != "heard idle open " {
			t.Errorf("ten minutes after the second but last message: %s", got)
		}
		time.Sleep(4 * time.Second)
		if got := known(); got != "heard open " {
			t.Errorf("ten minutes after the last message: %s", got)
		}
		open.Close()
		l.say(`{"type":"unsubscribe","data":"heard"}`)
		synctest.Wait()
		time.Sleep(forgetAfter + 2*time.Second)
		if got := known(); got != "" || h.held.Load() != 0 {
			t.Errorf("at last: %s, %d bytes", got, h.held.Load())
		}
	})
}

// TestAge: what is older than a channel keeps is dropped, and missed by whoever asks for it.
func TestAge(t *testing.T) {
	inBubble(t, Options{Limits: Limits{Age: time.Minute}}, func(t *testing.T, h *Hub, join func() *link) {
		l := join()
		for i := range 3 {
			h.SendProcessOutput("x", fmt.Sprint(i))
			time.Sleep(25 * time.Second)
		}
		if i := h.Infos()[0]; i.First != 2 || i.Last != 3 {
			t.Errorf("after 75 s: %+v", i)
		}
		l.say(`{"type":"subscribe","data":"process:x","after":"` + h.Infos()[0].Epoch + `:0"}`)
		synctest.Wait()
		if got, _ := l.take(); len(got) != 3 || got[0].Seq != 2 || got[2].Type != TypeSubscribed || *got[2].Recovered {
			t.Errorf("got %+v", got)
		}
		time.Sleep(2 * time.Minute)
		if i := h.Infos()[0]; i.First != 4 || i.Last != 3 || h.held.Load() != 0 {
			t.Errorf("at last: %+v, %d bytes", i, h.held.Load())
		}
	})
}

// TestWriteTimeout: one that takes nothing of what is written to it is cut after the time-out,
// one that takes something is not, however slowly, and is told when it comes too late.
func TestWriteTimeout(t *testing.T) {
	inBubble(t, Options{Limits: Limits{Messages: 10}, WriteTimeout: 5 * time.Second}, func(t *testing.T, h *Hub, join func() *link) {
		mute, slow, idle := join(), join(), join()
		for _, l := range []*link{mute, slow} {
			l.say(`{"type":"subscribe","data":"c"}`)
			l.hold()
		}
		synctest.Wait()
		began := time.Now()
		for range 100 {
			h.SendToChannel("c", Message{Type: "x"})
			synctest.Wait()
		}
		for i := range 60 {
			time.Sleep(time.Second)
			slow.acked.Add(1)
			since := time.Since(began)
			if code := mute.closedWith(); code != 0 && since < 5*time.Second || code == 0 && since > 8*time.Second {
				t.Fatalf("after %v one that takes nothing: %d", since, code)
			}
			if code := slow.closedWith(); code != 0 {
				t.Fatalf("after %d s one that takes something: %d", i, code)
			}
		}
		if n := slow.writing.Load(); n != 1 {
			t.Errorf("%d writes at once", n)
		}
		slow.letGo()
		synctest.Wait()
		if code := slow.closedWith(); code != bridge.CloseTryAgainLater {
			t.Errorf("too late: %d", code)
		}
		if code := mute.closedWith(); code != -1 {
			t.Errorf("cut: %d", code)
		}
		if code := idle.closedWith(); code != 0 {
			t.Errorf("one without subscriptions: %d", code)
		}
	})
}

// TestKicked: a client that is to go gets the code, and one that takes nothing is cut within
// the time-out, though its system takes bytes.
func TestKicked(t *testing.T) {
	inBubble(t, Options{WriteTimeout: 5 * time.Second}, func(t *testing.T, h *Hub, join func() *link) {
		well, held := join(), join()
		held.hold()
		h.SendEvent("x", nil)
		synctest.Wait()
		for _, c := range h.Clients() {
			c.Close(4321, "enough")
		}
		synctest.Wait()
		if _, end := well.take(); !errors.As(end, new(*bridge.CloseWith)) || well.closedWith() != 4321 {
			t.Errorf("closed with %v", end)
		}
		for range 7 {
			held.acked.Add(1)
			time.Sleep(time.Second)
		}
		if code := held.closedWith(); code == 0 {
			t.Errorf("one that takes nothing: %d", code)
		}
		synctest.Wait()
		if s := h.Stats(); s != (Stats{}) {
			t.Errorf("left: %+v", s)
		}
	})
}

// TestStopHeld: the end of Run does not wait for a client that takes nothing.
func TestStopHeld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, serving, stop := run(Options{})
		synctest.Wait()
		held, well := join(t, h, serving), join(t, h, serving)
		synctest.Wait()
		held.hold()
		h.SendEvent("x", nil)
		synctest.Wait()
		began := time.Now()
		stop()
		if since := time.Since(began); since > 3*time.Second {
			t.Errorf("it took %v", since)
		}
		if code := well.closedWith(); code != bridge.CloseGoingAway {
			t.Errorf("closed with %d", code)
		}
		if err := h.SendEvent("later", nil); err != nil {
			t.Error(err)
		}
		if err := h.SendProcessOutput("x", "later"); err != nil {
			t.Error(err)
		}
		if err := h.Serve(newLink(t), Identity{}, ""); err != ErrNotRunning {
			t.Errorf("Serve: %v", err)
		}
	})
}

// TestStopLate: a client that takes what it is sent, but late, gets what was published before the
// end of Run, to the last word.
func TestStopLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, serving, stop := run(Options{})
		synctest.Wait()
		late := join(t, h, serving)
		late.say(`{"type":"subscribe","data":"process:x"}`)
		synctest.Wait()
		late.mu.Lock()
		late.late = 500 * time.Millisecond
		late.mu.Unlock()
		const lines = 6 * mostLines
		for range lines {
			h.SendProcessOutput("x", "line")
		}
		h.SendProcessStatus("x", "exited", 0)
		stop()
		got, end := late.take()
		if len(got) != lines+1 || got[lines].Type != TypeStatus || !errors.Is(end, bridge.ErrGoingAway) {
			t.Errorf("%d of %d messages, and then %v", len(got), lines+1, end)
		}
	})
}
