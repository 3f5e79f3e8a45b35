package libwebsocketd

import (
	"context"
	"net/http"
	"sync"
	"time"
)

// Drain stops accepting and lets whoever is connected go on. It returns nil when every
// conversation and every request has ended that had begun, and ctx's error if ctx is done before.
// Processes that outlive their clients are not waited for. It ends nothing itself; Shutdown
// must follow. Another server may have the listeners by then.
func (s *Server) Drain(ctx context.Context) error {
	s.life.drain()
	s.http.SetKeepAlivesEnabled(false)
	var fronts sync.WaitGroup
	for _, front := range []*http.Server{s.second, s.http} {
		fronts.Go(func() { front.Shutdown(ctx) })
	}
	fronts.Wait() // after this nobody comes; who has left net/http is still to be counted
	for _, left := range []<-chan struct{}{s.conns.left(), s.life.left()} {
		select {
		case <-left:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// linger is how long a connection without a request stays open whose server was replaced.
const linger = 2 * time.Second

// Yield does what Drain does when another server has taken this one's place. Connections on which there
// is no request stay open for a moment, because a client may just be sending one: it is answered, and
// told that this is the last answer (RFC 9112 section 9.6).
func (s *Server) Yield(ctx context.Context) error {
	s.life.drain()
	enough := time.NewTimer(linger)
	defer enough.Stop()
	select {
	case <-s.conns.left():
	case <-enough.C:
	case <-ctx.Done():
	}
	return s.Drain(ctx)
}

// drain notes that the server is going away. What begins on a connection that is there is taken
// all the same.
func (l *life) drain() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.draining = true
}

// isGoingAway reports whether drain or close was called.
func (l *life) isGoingAway() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.draining || l.closed
}

// left returns a channel that is closed when there is no session any more.
func (l *life) left() <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.none.wait(len(l.sessions))
}

// left returns a channel that is closed when there is no connection any more.
func (c *conns) left() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.none.wait(c.count)
}

// none tells who waits that there is none left of something. Its owner's lock guards it.
type none struct{ reached chan struct{} }

// wait returns a channel that is closed once there is none.
func (n *none) wait(now int) <-chan struct{} {
	if n.reached == nil {
		n.reached = make(chan struct{})
		n.note(now)
	}
	return n.reached
}

// note takes notice of how many there are now.
func (n *none) note(now int) {
	if n.reached == nil || now > 0 {
		return
	}
	select {
	case <-n.reached:
	default:
		close(n.reached)
	}
}
