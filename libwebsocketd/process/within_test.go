package process

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

// TestWithin: the time is longer by as much as the machine is crowded, also where that changes.
func TestWithin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		ctx, cancel := Within(t.Context(), 3*time.Second, func() float64 {
			if time.Since(began) < 5*time.Second {
				return 5
			}
			return 1
		})
		defer cancel()
		<-ctx.Done()
		if took := time.Since(began); took < 6900*time.Millisecond || took > 7100*time.Millisecond || context.Cause(ctx) != context.DeadlineExceeded {
			t.Errorf("it took %v, %v", took, context.Cause(ctx))
		}
	})
}

// TestWithinCancelled: whoever is done first ends it.
func TestWithinCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		above, stop := context.WithCancel(t.Context())
		one, cancelOne := Within(above, time.Second, Crowd)
		other, cancelOther := Within(above, time.Second, Crowd)
		cancelOne()
		if one.Err() == nil || other.Err() != nil {
			t.Errorf("%v, %v", one.Err(), other.Err())
		}
		stop()
		<-other.Done()
		cancelOther()
	})
}
