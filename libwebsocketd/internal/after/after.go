package after

import (
	"context"
	"io"
	"sync"
)

// Done calls f in a new goroutine when ctx is done. The caller must call settle when
// that is no longer wanted: once it has returned, f is neither running nor will be
// called. settle may be called repeatedly, and from anywhere but f.
func Done(ctx context.Context, f func()) (settle func()) { return Close(ctx, closer(f)) }

// closer is a function as an io.Closer.
type closer func()

func (f closer) Close() error {
	f()
	return nil
}

// Close closes c when ctx is done, as Done calls f. The error of c.Close is ignored: a
// caller that closes c too gets it from its own call.
func Close(ctx context.Context, c io.Closer) (settle func()) {
	var running sync.WaitGroup
	running.Add(1)
	stop := context.AfterFunc(ctx, func() {
		defer running.Done()
		c.Close()
	})
	return func() {
		if stop() {
			running.Done() // f will not be called
		}
		running.Wait()
	}
}
