package libwebsocketd

import "context"

// Drain returns when every conversation and every request has ended that had begun, or when ctx is
// done. It is for a server whose listeners another one has, and whose Shutdown follows: it ends
// nothing itself.
func (s *Server) Drain(ctx context.Context) {
	s.http.SetKeepAlivesEnabled(false)
	s.http.Shutdown(ctx)
	select {
	case <-s.alone():
	case <-ctx.Done():
	}
}

// alone returns a channel that is closed when there are no conversations.
func (l *life) alone() <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.empty == nil {
		l.empty = make(chan struct{})
		l.look()
	}
	return l.empty
}

// look closes empty when the last conversation has ended; l.mu is held.
func (l *life) look() {
	if l.empty != nil && len(l.sessions) == 0 {
		select {
		case <-l.empty:
		default:
			close(l.empty)
		}
	}
}
