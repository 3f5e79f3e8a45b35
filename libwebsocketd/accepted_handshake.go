package libwebsocketd

import "time"

// patience is what is left of the time that a client has for its TLS handshake. Only
// what a Read or a Write waits is taken off: the server's own lateness, between two of
// them, is not the client's. One goroutine uses it, the one that makes the handshake.
type patience struct {
	left  time.Duration // positive during the handshake
	ended bool          // the handshake, or there is none
}

// begin takes over the deadline that net/http sets before a handshake. It ends with the
// one that net/http takes away after it.
func (p *patience) begin(deadline time.Time) {
	if p.ended || deadline.IsZero() {
		*p = patience{ended: true}
		return
	}
	p.left = time.Until(deadline)
}

// count runs wait, which may take as long as is left, and takes off what it took.
func (p *patience) count(setDeadline func(time.Time) error, wait func()) {
	start := time.Now()
	setDeadline(start.Add(p.left))
	wait()
	p.left = max(p.left-time.Since(start), 1) // the next one fails at once
}

// SetReadDeadline implements net.Conn.
func (a *accepted) SetReadDeadline(t time.Time) error {
	if a.secure && !a.patience.ended {
		a.patience.begin(t)
	}
	return a.Conn.SetReadDeadline(t)
}

// SetWriteDeadline implements net.Conn. During a TLS handshake Write sets its own.
func (a *accepted) SetWriteDeadline(t time.Time) error {
	if a.patience.left > 0 {
		return nil
	}
	return a.Conn.SetWriteDeadline(t)
}

// Write implements net.Conn.
func (a *accepted) Write(b []byte) (n int, err error) {
	if a.patience.left <= 0 {
		return a.Conn.Write(b)
	}
	a.patience.count(a.Conn.SetWriteDeadline, func() { n, err = a.Conn.Write(b) })
	return n, err
}

// read is Read without the cost.
func (a *accepted) read(b []byte) (n int, err error) {
	if a.patience.left <= 0 {
		return a.Conn.Read(b)
	}
	a.patience.count(a.Conn.SetReadDeadline, func() { n, err = a.Conn.Read(b) })
	return n, err
}
