package after

import (
	"context"
	"io"
	"sync"
)

// Done calls f, in a goroutine of its own, when ctx is done. settle is to be called
// when that is not wanted any more: once it has returned, f is neither at work nor
// called. settle may be called repeatedly, and from anywhere but f.
func Done(ctx context.Context, f func()) (settle func()) { return Close(ctx, closer(f)) }

// closer is a function as an io.Closer.
type closer func()

func (f closer) Close() error {
	f()
	return nil
}

// Close is Done that closes c. The error is for those who close it themselves.
func Close(ctx context.Context, c io.Closer) (settle func()) {
	var running sync.WaitGroup
	running.Add(1)
	stop := context.AfterFunc(ctx, func() {
		defer running.Done()
		c.Close()
	})
	return func() {
		if stop() {
			running.Done() // it will not come any more
		}
		running.Wait()
	}
}
