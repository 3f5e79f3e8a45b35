package after

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// TestEvery: f is called in each interval, one after the other, and not after settle.
func TestEvery(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		calls := 0
		var takes atomic.Int64
		settle := Every(time.Second, func() {
			time.Sleep(time.Duration(takes.Load()))
			calls++
		})
		time.Sleep(3 * time.Second)
		if synctest.Wait(); calls != 3 {
			t.Errorf("%d calls in three seconds", calls)
		}
		takes.Store(int64(10 * time.Second))
		time.Sleep(6 * time.Second)
		if settle(); calls != 4 {
			t.Errorf("%d calls: the one that runs is not awaited, or there are others beside it", calls)
		}
		time.Sleep(time.Minute)
		if calls != 4 {
			t.Errorf("%d calls after the end", calls)
		}
	})
}
