package flow

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"websocketd/libwebsocketd/record"
)

// holding returns a record of which half may be unconfirmed, and its Control.
func holding() (*record.Log[int], *Control[int]) {
	log := record.New[int](record.Limits{Bytes: kept, HeldBytes: kept / 2})
	return log, New(log, Options{Hold: true})
}

// say appends items until the test is over, and returns a function that counts them.
func say(t *testing.T, c *Control[int], log *record.Log[int]) (said func() int) {
	var n atomic.Int64
	done := make(chan struct{})
	go func() {
		defer close(done)
		for c.Append(0, 1, 1) == nil {
			n.Add(1)
		}
	}()
	t.Cleanup(func() {
		log.Close(nil)
		<-done
	})
	return func() int {
		synctest.Wait()
		return int(n.Load())
	}
}

// TestHold: half of the room is for what nobody has confirmed. Then the writer waits,
// without a clock, for a confirmation; and what is confirmed stays until room is needed.
func TestHold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log, c := holding()
		said := say(t, c, log)
		for _, step := range []struct{ confirm, said, first int }{
			{0, 5, 1}, {3, 8, 1}, {2, 8, 1}, {8, 13, 4}, {9, 14, 5},
		} {
			c.Confirm(uint64(step.confirm))
			time.Sleep(time.Hour)
			if n := said(); n != step.said {
				t.Errorf("after %d was confirmed %d were appended, not %d", step.confirm, n, step.said)
			}
			if first, _ := log.Kept(); first != uint64(step.first) {
				t.Errorf("after %d was confirmed message %d is the first that is kept, not %d", step.confirm, first, step.first)
			}
		}
	})
}

// TestHoldWithViewers: the writer waits for what nobody has confirmed, however fast its
// viewers are, and for viewers that come during its wait as without Hold.
func TestHoldWithViewers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log, c := holding()
		said := say(t, c, log)
		if n := said(); n != kept/2 {
			t.Fatalf("%d were appended before there was a viewer, not %d", n, kept/2)
		}
		still, fast := c.Join(0), c.Join(0)
		defer still.Leave()
		defer fast.Leave()
		still.Move(1)
		fast.Move(5)
		fast.Wait()
		c.Confirm(5)
		if n := said(); n != 6 {
			t.Fatalf("%d were appended while a viewer had one, not 6", n)
		}
		time.Sleep(MaxGrace + 3*LookInterval)
		if n := said(); n != 10 {
			t.Fatalf("%d were appended when that viewer had stood still for too long, not 10", n)
		}
		if n := c.Confirmed(); n != 5 {
			t.Errorf("message %d is confirmed, not 5", n)
		}
	})
}

// TestHoldEnds: after StopBlocking nothing is waited for.
func TestHoldEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log, c := holding()
		defer log.Close(nil)
		ended := make(chan error)
		go func() {
			for range said {
				if err := c.Append(0, 1, 1); err != nil {
					ended <- err
				}
			}
			close(ended)
		}()
		synctest.Wait()
		c.StopBlocking()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}
