package after

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// TestSettleWaits: once settle has returned f has ended, and does not come again.
func TestSettleWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		calls, ended := 0, false
		settle := Done(ctx, func() {
			calls++
			time.Sleep(time.Minute)
			ended = true
		})
		if synctest.Wait(); calls != 0 {
			t.Fatal("it is called before the context is done")
		}
		cancel()
		synctest.Wait()
		began := time.Now()
		settle()
		if took := time.Since(began); took != time.Minute || !ended {
			t.Errorf("settle has returned after %s; f has ended: %v", took, ended)
		}
		settle()
		if calls != 1 {
			t.Errorf("%d calls", calls)
		}
	})
}

// TestSettlePrevents: f is not called after settle, however often and wherever that
// is called.
func TestSettlePrevents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		settle := Done(ctx, func() { t.Error("called") })
		var settling sync.WaitGroup
		for range 3 {
			settling.Go(settle)
		}
		settling.Wait()
		cancel()
		synctest.Wait()
		settle()
	})
}

// TestDoneAlready: a context that is done has f called at once.
func TestDoneAlready(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		called := false
		settle := Done(ctx, func() { called = true })
		synctest.Wait()
		if settle(); !called {
			t.Error("not called")
		}
	})
}

// side counts how often it is closed.
type side int

func (s *side) Close() error {
	*s++
	return nil
}

func TestClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		var first, second side
		settleFirst, settleSecond := Close(ctx, &first), Close(ctx, &second)
		settleSecond()
		cancel()
		synctest.Wait()
		settleFirst()
		if first != 1 || second != 0 {
			t.Errorf("closed %d and %d times", first, second)
		}
	})
}
