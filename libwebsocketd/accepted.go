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

// What the beginning of a header costs in memory, as measured: next to its bytes
// net/http keeps an entry for every line of it. Under TLS lines cannot be seen, so that
// all are taken for the shortest there are.
const (
	lineCost   = 100
	secretCost = 20
	// freeCost is what every connection has a buffer for anyway.
	freeCost = 4 << 10
)

// accepted is a connection of Serve. While a request is waited for, its first or the
// next, it weighs what comes: net/http keeps all of a header until its end has come.
type accepted struct {
	net.Conn
	conns *conns

	waiting   atomic.Bool  // for a request
	cost      atomic.Int64 // of what has come of it
	encrypted atomic.Bool  // the TLS handshake has begun
	evicted   atomic.Bool  // it held too much for too long

	// Guarded by conns.mu.
	entered, refused, hijacked bool
	secure                     bool          // there is TLS over it
	held                       int64         // the cost that counts
	place                      *list.Element // among those that hold something
}

// weighing is a listener whose connections are weighed.
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

// asAccepted returns the connection that Serve accepted, through TLS if need be; nil
// if it is another's.
func asAccepted(c net.Conn) *accepted {
	if secure, ok := c.(*tls.Conn); ok {
		c = secure.NetConn()
	}
	a, _ := c.(*accepted)
	return a
}

// NetConn returns the connection as it was accepted.
func (a *accepted) NetConn() net.Conn { return a.Conn }

// Hijacked returns the connection as it was accepted, when net/http has given it away:
// the weighing costs nothing any more then. Under TLS it stays.
func (a *accepted) Hijacked() net.Conn { return a.Conn }

// Read implements net.Conn. One that was evicted is answered here, where nobody else
// waits for it.
func (a *accepted) Read(b []byte) (n int, err error) {
	if !a.evicted.Load() { // else the deadline may be net/http's again
		n, err = a.Conn.Read(b)
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

// greeted says that the first message of a TLS handshake has come whole, and is not
// kept. What follows may be of a header.
func greeted(c net.Conn) {
	if a := asAccepted(c); a != nil {
		a.conns.drop(a)
		a.encrypted.Store(true)
	}
}

// evict ends a connection of which something is being read. TLS might have to wait with
// its last word, so that it is broken off.
func (a *accepted) evict() {
	a.evicted.Store(true)
	if a.secure {
		a.Conn.Close()
		return
	}
	a.Conn.SetReadDeadline(ws.Past)
}

// ReadFrom lets the system send files, where it can.
func (a *accepted) ReadFrom(r io.Reader) (int64, error) {
	if to, ok := a.Conn.(io.ReaderFrom); ok {
		return to.ReadFrom(r)
	}
	return io.Copy(struct{ io.Writer }{a.Conn}, r)
}

// CloseWrite lets net/http wait for the client to read its last word.
func (a *accepted) CloseWrite() error {
	if half, ok := a.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return errors.ErrUnsupported
}
