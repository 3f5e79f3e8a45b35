package libwebsocketd

import (
	"context"
	"sync"
)

// life is what a server has to wait for at its end: its sessions, and whatever else was
// started for them.
type life struct {
	ctx     context.Context // done when the server is going away
	goAway  context.CancelCauseFunc
	running sync.WaitGroup // sessions, lookups, the end of pools

	mu       sync.Mutex
	sessions map[*session]struct{}
	closed   bool
	broken   bool // by breakAll
}

func (l *life) init() {
	l.sessions = make(map[*session]struct{})
	l.ctx, l.goAway = context.WithCancelCause(context.Background())
}

// begin registers a request that may become a session, and whose end is told by
// running.Done. It returns false once the server is closed.
func (l *life) begin() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.closed {
		l.running.Add(1)
	}
	return !l.closed
}

// isClosed reports whether nothing begins any more.
func (l *life) isClosed() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.closed
}

// close lets nothing begin any more. It reports whether it was the first to do so.
func (l *life) close() (first bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	first = !l.closed
	l.closed = true
	return first
}

// enter lets breakAll find a session.
func (l *life) enter(x *session) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sessions[x] = struct{}{}
	if l.broken {
		x.client.Close()
	}
}

// leave takes a session out again.
func (l *life) leave(x *session) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.sessions, x)
}

// breakAll closes the connection of every session, and of those that still enter.
func (l *life) breakAll() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.broken = true
	for x := range l.sessions {
		x.client.Close()
	}
}

// ended returns a channel that is closed when nothing runs any more.
func (l *life) ended() <-chan struct{} {
	done := make(chan struct{})
	go func() {
		defer close(done)
		l.running.Wait()
	}()
	return done
}
