package process

import (
	"context"
	"sync"
	"time"
)

// look is a step of Within. One that comes late counts no more than another.
const look = 100 * time.Millisecond

// Within returns a context that is done after d of the time that a client or a process on this machine
// could use: that which passes, divided by crowd, which is Crowd but in tests. So nobody is punished for a
// machine that is busy. The caller must call cancel; nothing runs any more when it has returned.
func Within(ctx context.Context, d time.Duration, crowd func() float64) (within context.Context, cancel func()) {
	within, end := context.WithCancelCause(ctx)
	var looking sync.WaitGroup
	looking.Go(func() {
		tick := time.NewTicker(look)
		defer tick.Stop()
		for ; d > 0; d -= time.Duration(float64(look) / crowd()) {
			select {
			case <-tick.C:
			case <-within.Done():
				return
			}
		}
		end(context.DeadlineExceeded)
	})
	return within, func() {
		end(context.Canceled)
		looking.Wait()
	}
}
