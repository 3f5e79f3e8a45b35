package terminal

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"
)

// Interrupts are the signals that ask this process to end. The first one makes Context done; a
// second one ends the process at once.
type Interrupts struct {
	ctx     context.Context
	cancel  context.CancelCauseFunc
	signals chan os.Signal
	waiting sync.WaitGroup

	mu    sync.Mutex
	first os.Signal
}

// ErrLeft is why a conversation ends that this side has left.
var ErrLeft = errors.New("left")

// Farewell is how long this side, when it leaves, waits for the answer.
const Farewell = time.Second

// ErrInterrupted is why a conversation ends that a signal has ended, or the key for one.
var ErrInterrupted = errors.New("interrupted")

// Notify has those signals sent to c, but for those that are ignored already, as by nohup.
func Notify(c chan<- os.Signal) {
	for _, sig := range []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP} {
		if !signal.Ignored(sig) {
			signal.Notify(c, sig)
		}
	}
}

// NewInterrupts listens to signals. The caller calls Stop.
func NewInterrupts() *Interrupts {
	i := &Interrupts{signals: make(chan os.Signal, 1)}
	i.ctx, i.cancel = context.WithCancelCause(context.Background())
	Notify(i.signals)
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

// Context is done after the first signal, with ErrInterrupted for its cause, or after Stop.
func (i *Interrupts) Context() context.Context { return i.ctx }

// take takes a signal: one that came, or the key that stands for it.
func (i *Interrupts) take(sig os.Signal) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.first == nil {
		i.first = sig
	}
	i.cancel(ErrInterrupted)
}

// Got returns the first signal; nil if there was none.
func (i *Interrupts) Got() os.Signal {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.first
}

// Stop ends the listening. Nothing may wait for a signal any more.
func (i *Interrupts) Stop() {
	signal.Stop(i.signals)
	i.cancel(context.Canceled)
	i.waiting.Wait()
}
