package hub

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"

	"websocketd/libwebsocketd/bridge"
)

// TestPost: what is posted to a client comes in order, and to it alone. It gets what all get only
// while it takes part.
func TestPost(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h, serving, stop := run(Options{})
		defer stop()
		synctest.Wait()
		one := join(t, h, serving)
		synctest.Wait()
		other := join(t, h, serving)
		synctest.Wait()
		c := h.Clients()[0]
		c.Withdraw()
		c.Withdraw()
		h.SendError("for all")
		for n := range 1000 {
			if err := c.Post(fmt.Appendf(nil, `{"type":"%d"}`, n)); err != nil {
				t.Fatal(err)
			}
		}
		synctest.Wait()
		all, _ := one.take()
		if len(all) != 1000 {
			t.Fatalf("%d messages", len(all))
		}
		for n, m := range all {
			if m.Type != fmt.Sprint(n) {
				t.Fatalf("message %d is %s", n, m.Type)
			}
		}
		c.Join()
		h.SendError("for all again")
		synctest.Wait()
		if all, _ := one.take(); len(all) != 1 {
			t.Errorf("%v", all)
		}
		if all, _ := other.take(); len(all) != 2 {
			t.Errorf("the other one got %v", all)
		}
	})
}

// TestPostToTheSlow: a client that takes nothing holds little, and is closed with 1013.
func TestPostToTheSlow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h, serving, stop := run(Options{})
		defer stop()
		synctest.Wait()
		l := join(t, h, serving)
		synctest.Wait()
		c := h.Clients()[0]
		l.hold()
		message := fmt.Appendf(nil, `{"type":"%1000d"}`, 1)
		n := 0
		for ; c.Post(message) == nil; n++ {
			if n > 2*mostPosted/1000 {
				t.Fatal("it may leave more waiting than it should")
			}
		}
		if n < mostPosted/2000 {
			t.Errorf("only %d messages could wait", n)
		}
		l.letGo()
		synctest.Wait()
		_, end := l.take()
		if cause := new(bridge.CloseWith); !errors.As(end, &cause) || cause.Code != bridge.CloseTryAgainLater {
			t.Errorf("closed with %v", end)
		}
	})
}
