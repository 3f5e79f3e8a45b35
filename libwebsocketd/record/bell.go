package record

import (
	"context"
	"sync"
)

// waiters wakes everyone who waits for something that is guarded by a mutex. The
// zero bell is ready for use.
//
// It is a channel that is closed, and made anew by the next who waits: one
// allocation of 112 bytes however many wait, none if nobody does. A sync.Cond with
// a context.AfterFunc for each wait took twice as long to wake a hundred readers,
// and allocated three times for each of them. A list of their own channels, kept
// and used again, allocated nothing, but was no faster and is far more code
// (BenchmarkLockstep).
type waiters struct {
	struck chan struct{} // nil while nobody waits
}

// wait unlocks the mutex until the bell is struck or ctx is done, and returns the
// cause of the latter. What was waited for may have happened even so.
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

// strikeAndUnlock wakes whom it finds waiting. They are woken when the mutex is
// free: however many they are, nobody is kept from it meanwhile.
func (b *waiters) strikeAndUnlock(mu *sync.Mutex) {
	struck := b.struck
	b.struck = nil
	mu.Unlock()
	if struck != nil {
		close(struck)
	}
}
