package libwebsocketd

import (
	"context"
	"sync"
)

// life holds what a server has to wait for at its end: its sessions, and everything else
// that was started for them.
type life struct {
	ctx     context.Context // done when the server is going away
	goAway  context.CancelCauseFunc
	running sync.WaitGroup // sessions, lookups, the end of pools

	mu       sync.Mutex
	sessions map[*session]struct{}
	none     none // of them
	draining bool // by Drain
	closed   bool
	broken   bool // by breakAll
}

func (l *life) init() {
	l.sessions = make(map[*session]struct{})
	l.ctx, l.goAway = context.WithCancelCause(context.Background())
}

// begin registers a request that may become a session; the caller must call running.Done
// at its end. It returns false once the server is closed.
func (l *life) begin() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.closed {
		l.running.Add(1)
	}
	return !l.closed
}

// isClosed reports whether close was called.
func (l *life) isClosed() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.closed
}

// close makes begin return false from now on. It reports whether it is the first call.
func (l *life) close() (first bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	first = !l.closed
	l.closed = true
	return first
}

// enter adds a session, for breakAll and Conversations.
func (l *life) enter(x *session) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sessions[x] = struct{}{}
	if l.broken {
		x.client.Close()
	}
}

// leave removes a session.
func (l *life) leave(x *session) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.sessions, x)
	l.none.note(len(l.sessions))
}

// breakAll closes the connection of every session, and of those that enter later.
func (l *life) breakAll() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.broken = true
	for x := range l.sessions {
		x.client.Close()
	}
}

// ended returns a channel that is closed when nothing that was begun is running.
func (l *life) ended() <-chan struct{} {
	done := make(chan struct{})
	go func() {
		defer close(done)
		l.running.Wait()
	}()
	return done
}
