package record

import (
	"context"
	"sync"
)

// waiters wakes all goroutines that wait for something guarded by a mutex. The zero
// value is ready for use.
//
// It is a channel that is closed to wake them; the next waiter makes a new one. That
// is one allocation of 112 bytes however many wait, and none if none does. A
// sync.Cond with a context.AfterFunc for each wait took twice as long to wake a
// hundred readers, and allocated three times for each of them. A list of reused
// channels, one for each waiter, allocated nothing, but was no faster and is far more
// code (BenchmarkLockstep).
type waiters struct {
	struck chan struct{} // nil while no goroutine waits
}

// wait unlocks the mutex until strikeAndUnlock is called or ctx is done. It returns
// nil in the first case and the cause of ctx in the second; what was waited for may
// have happened even so.
func (b *waiters) wait(ctx context.Context, mu *sync.Mutex) error {
	if b.struck == nil {
		b.struck = make(chan struct{})
	}
	struck := b.struck
	mu.Unlock()
	defer mu.Lock()
	select {
	case <-struck:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// strikeAndUnlock unlocks the mutex and wakes the goroutines that wait. It wakes them
// after unlocking, so that however many they are, none is kept from the mutex
// meanwhile.
func (b *waiters) strikeAndUnlock(mu *sync.Mutex) {
	struck := b.struck
	b.struck = nil
	mu.Unlock()
	if struck != nil {
		close(struck)
	}
}
