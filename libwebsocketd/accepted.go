package libwebsocketd

import (
	"bytes"
	"container/list"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"sync/atomic"

	"websocketd/libwebsocketd/ws"
)

// What the beginning of a header costs in memory, as measured: apart from its bytes
// net/http keeps an entry for every line of it. Under TLS the lines cannot be counted,
// so every byte counts as if all lines were of the shortest kind.
const (
	lineCost   = 100
	secretCost = 20
	// freeCost is not counted: every connection has a buffer for that much anyway.
	freeCost = 4 << 10
)

// accepted is a connection of Serve. While it waits for a request, its first or the
// next, it counts the cost of what comes: net/http keeps all of a header until its end
// has come.
type accepted struct {
	net.Conn
	conns *conns

	waiting   atomic.Bool  // for a request
	cost      atomic.Int64 // of what has come of the request
	encrypted atomic.Bool  // the TLS handshake has begun
	evicted   atomic.Bool  // the connection held too much for too long

	patience patience // with its TLS handshake

	// Guarded by conns.mu.
	entered, refused, hijacked bool
	secure                     bool          // TLS runs over it
	held                       int64         // the cost as counted in conns.held
	place                      *list.Element // in conns.holders
}

// weighing is a listener whose connections count the cost of unfinished headers.
type weighing struct {
	net.Listener
	conns *conns
}

// Accept implements net.Listener.
func (l weighing) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &accepted{Conn: c, conns: l.conns}, nil
}

// asAccepted returns the connection that Serve accepted, unwrapped from TLS if need be;
// nil if another server accepted it.
func asAccepted(c net.Conn) *accepted {
	if secure, ok := c.(*tls.Conn); ok {
		c = secure.NetConn()
	}
	a, _ := c.(*accepted)
	return a
}

// NetConn returns the connection as it was accepted.
func (a *accepted) NetConn() net.Conn { return a.Conn }

// Hijacked returns the connection as it was accepted. It is called when net/http has
// given the connection away, which then need not count any more. A TLS connection keeps
// its wrapper.
func (a *accepted) Hijacked() net.Conn { return a.Conn }

// Read implements net.Conn. An evicted connection is answered here, by the goroutine
// that reads it.
func (a *accepted) Read(b []byte) (n int, err error) {
	if !a.evicted.Load() { // else net/http may have set its deadline again
		n, err = a.read(b)
		if n > 0 && a.waiting.Load() {
			a.weigh(b[:n])
		}
	}
	if n == 0 && a.evicted.Load() {
		refuseUnasked(a, a.conns.tooMuchHeld())
		return 0, io.EOF
	}
	return n, err
}

func (a *accepted) weigh(b []byte) {
	cost := len(b)
	switch {
	case a.encrypted.Load():
		cost *= secretCost
	case !a.secure:
		cost += lineCost * bytes.Count(b, []byte{'\n'})
	}
	if sum := a.cost.Add(int64(cost)); sum > freeCost {
		a.conns.hold(a, sum)
	}
}

// greeted is called when the first message of a TLS handshake has come whole. It resets
// the count: that message is not kept. What follows may belong to a header.
func greeted(c net.Conn) {
	if a := asAccepted(c); a != nil {
		a.conns.drop(a)
		a.encrypted.Store(true)
	}
}

// evict ends a connection from which a request is being read. One with TLS is closed
// without an answer: writing its alert might block.
func (a *accepted) evict() {
	a.evicted.Store(true)
	if a.secure {
		a.Conn.Close()
		return
	}
	a.Conn.SetReadDeadline(ws.Past)
}

// ReadFrom implements io.ReaderFrom, so that the kernel copies files where it can.
func (a *accepted) ReadFrom(r io.Reader) (int64, error) {
	if to, ok := a.Conn.(io.ReaderFrom); ok {
		return to.ReadFrom(r)
	}
	return io.Copy(struct{ io.Writer }{a.Conn}, r)
}

// CloseWrite closes the writing half: net/http then waits for the client to read the
// answer.
func (a *accepted) CloseWrite() error {
	if half, ok := a.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return errors.ErrUnsupported
}
