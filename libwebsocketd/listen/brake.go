package listen

import (
	"context"
	"errors"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// Brake makes listeners stand still, and whoever asks, because another server may go on in the place
// of theirs. The zero value does not. Its methods may be called concurrently.
type Brake struct {
	used atomic.Bool // Hold was called: else Wait, which is called for every request, needs no lock

	mu        sync.Mutex
	over      chan struct{} // closed at the end; nil: nothing stands still
	gone      bool          // another server has the listeners
	listeners map[*braked]struct{}
}

// Hold makes everything stand still until the function that it returns is called, once: gone says
// whether another server goes on with the listeners.
func (b *Brake) Hold() (release func(gone bool)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	over := make(chan struct{})
	b.over = over
	b.used.Store(true)
	b.setDeadlines(time.Unix(1, 0))
	return func(gone bool) {
		b.mu.Lock()
		defer b.mu.Unlock()
		if b.gone = gone; !gone {
			b.setDeadlines(time.Time{})
		}
		b.over = nil
		close(over)
	}
}

// setDeadlines ends each Accept that waits, or lets them wait again; b.mu is held.
func (b *Brake) setDeadlines(at time.Time) {
	for l := range b.listeners {
		if l, ok := l.Listener.(interface{ SetDeadline(time.Time) error }); ok {
			l.SetDeadline(at)
		}
	}
}

// Wait returns when nothing stands still, or ctx is done, and whether another server has the
// listeners.
func (b *Brake) Wait(ctx context.Context) (gone bool) {
	if !b.used.Load() {
		return false
	}
	b.mu.Lock()
	over := b.over
	gone = b.gone
	b.mu.Unlock()
	if over == nil {
		return gone
	}
	select {
	case <-over:
	case <-ctx.Done():
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.gone
}

// Listener returns l as a listener that stands still. Where another server goes on with it, Accept
// returns left. Where ctx is done nothing stands still.
func (b *Brake) Listener(ctx context.Context, l net.Listener, left error) net.Listener {
	s := &braked{Listener: l, brake: b, ctx: ctx, left: left}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.listeners == nil {
		b.listeners = map[*braked]struct{}{}
	}
	b.listeners[s] = struct{}{}
	return s
}

type braked struct {
	net.Listener
	brake *Brake
	ctx   context.Context
	left  error
}

// Accept implements net.Listener.
func (l *braked) Accept() (net.Conn, error) {
	for {
		if l.brake.Wait(l.ctx) {
			return nil, l.left
		}
		c, err := l.Listener.Accept()
		if err != nil && errors.Is(err, os.ErrDeadlineExceeded) && l.ctx.Err() == nil {
			continue
		}
		return c, err
	}
}
