package connect

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"sync"
	"syscall"
)

// interrupts are the signals that ask this process to end. The first one makes ctx done; a
// second one ends the process at once.
type interrupts struct {
	ctx     context.Context
	cancel  context.CancelCauseFunc
	signals chan os.Signal
	waiting sync.WaitGroup

	mu    sync.Mutex
	first os.Signal
}

var errInterrupted = errors.New("interrupted")

// listen has those signals sent to c, but for those that are ignored already, as by nohup.
func listen(c chan<- os.Signal) {
	for _, sig := range []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP} {
		if !signal.Ignored(sig) {
			signal.Notify(c, sig)
		}
	}
}

// newInterrupts listens to signals.
func newInterrupts() *interrupts {
	i := &interrupts{signals: make(chan os.Signal, 1)}
	i.ctx, i.cancel = context.WithCancelCause(context.Background())
	listen(i.signals)
	i.waiting.Go(func() {
		select {
		case sig := <-i.signals:
			signal.Stop(i.signals)
			i.take(sig)
		case <-i.ctx.Done():
		}
	})
	return i
}

// take takes a signal: one that came, or the key that stands for it.
func (i *interrupts) take(sig os.Signal) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.first == nil {
		i.first = sig
	}
	i.cancel(errInterrupted)
}

// got returns the first signal; nil if there was none.
func (i *interrupts) got() os.Signal {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.first
}

// stop ends the listening.
func (i *interrupts) stop() {
	signal.Stop(i.signals)
	i.cancel(context.Canceled)
	i.waiting.Wait()
}
