package control

import (
	"container/list"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"time"

	"websocketd/libwebsocketd/hub"
	"websocketd/libwebsocketd/logging"
	"websocketd/libwebsocketd/process"
)

const (
	// mostConns is how many connections there may be of each kind, TCP and unix: a sixteenth of
	// the descriptors, within these bounds. WebSockets and packets count in the hub instead.
	leastConns, mostConns = 32, 1024
	// leastPeers is how many clients the hub has room for in any case, see peerLimit.
	leastPeers = 32
	// mostStrangers is how many of them may be waiting for their first request that is admitted.
	mostStrangers = 256
	// tellAgain is the pause between two log lines about refused connections.
	tellAgain = 10 * time.Second
)

// connLimit returns mostConns where there are enough descriptors.
func connLimit() int {
	if n := process.UsableDescriptors(); n > 0 {
		return min(max(n/16, leastConns), mostConns)
	}
	return mostConns
}

// peerLimit returns how many clients the hub may have: as many descriptors as maxConns
// connections of the Server leave, less an eighth of all, which is for processes and for conns.
// maxConns 0 or less counts as three quarters of the descriptors, of which an eighth
// is left. Whatever the Server may have, the hub has leastPeers.
func peerLimit(descriptors, maxConns int) int {
	if descriptors <= 0 {
		return hub.DefaultMaxClients
	}
	if maxConns <= 0 {
		maxConns = descriptors * 3 / 4
	}
	return min(max(descriptors-descriptors/8-maxConns, leastPeers), hub.DefaultMaxClients)
}

// conns counts connections, from accept until they are closed or belong to the hub. Those that
// have had no request admitted are strangers: one too many takes the place of the oldest one,
// so that whoever opens many and says nothing keeps nobody out.
type conns struct {
	limit int
	log   *slog.Logger

	mu        sync.Mutex
	count     int
	strangers list.List // of *conn, the oldest first
	told      time.Time // when it was last logged that there are too many
}

// enter counts a connection, and reports whether there may be one more.
func (c *conns) enter(a *conn) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.strangers.Len() >= mostStrangers || c.count >= c.limit {
		c.tell()
		if c.strangers.Len() == 0 {
			return false
		}
		c.strangers.Front().Value.(*conn).evict()
	}
	c.count++
	a.counted, a.at = true, c.strangers.PushBack(a)
	return true
}

// tell logs that there are too many, at most once in tellAgain; c.mu is held.
func (c *conns) tell() {
	if now := time.Now(); now.Sub(c.told) >= tellAgain {
		c.told = now
		logging.At(c.log, logging.LevelError, category,
			fmt.Sprintf("there are %d connections, %d of which have shown nothing: the oldest of these are closed for new ones", c.count, c.strangers.Len()))
	}
}

// conn is a connection of a listener.
type conn struct {
	net.Conn
	of    *conns
	first *opening // of a unix socket; nil: HTTP

	// Guarded by of.mu.
	counted bool
	at      *list.Element // nil: it is no stranger
}

// evict closes the connection of a stranger; of.mu is held.
func (a *conn) evict() {
	a.leaveLocked()
	a.Conn.Close()
}

// know makes it no stranger any more.
func (a *conn) know() {
	a.of.mu.Lock()
	defer a.of.mu.Unlock()
	a.knowLocked()
}

func (a *conn) knowLocked() {
	if a.at != nil {
		a.of.strangers.Remove(a.at)
		a.at = nil
	}
}

// leave ends its being counted.
func (a *conn) leave() {
	a.of.mu.Lock()
	defer a.of.mu.Unlock()
	a.leaveLocked()
}

func (a *conn) leaveLocked() {
	a.knowLocked()
	if a.counted {
		a.counted = false
		a.of.count--
	}
}

// Close implements net.Conn.
func (a *conn) Close() error {
	a.leave()
	return a.Conn.Close()
}

// CloseWrite closes the writing half: net/http then waits for the client to read the answer.
func (a *conn) CloseWrite() error {
	if half, ok := a.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return errors.ErrUnsupported
}

// NetConn returns the connection as it was accepted.
func (a *conn) NetConn() net.Conn { return a.Conn }

// Hijacked returns the connection as it was accepted. It is called when net/http has given it
// to the hub, which counts its clients.
func (a *conn) Hijacked() net.Conn {
	a.leave()
	return a.Conn
}

// Read implements net.Conn. On a unix socket it does not return while the client sends packets.
func (a *conn) Read(b []byte) (int, error) {
	if a.first == nil {
		return a.Conn.Read(b)
	}
	return a.first.read(a, b)
}

// closeStrangers closes the connections that have had no request: net/http would wait for one
// that a browser has opened in advance.
func (c *conns) closeStrangers() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.strangers.Len() > 0 {
		c.strangers.Front().Value.(*conn).evict()
	}
}

// connKey is the key of a request's connection in its context.
type connKey struct{}

func withConn(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(ctx, connKey{}, c)
}

// known makes the connection of a request that was admitted no stranger.
func known(ctx context.Context) {
	if a, ok := ctx.Value(connKey{}).(*conn); ok {
		a.know()
	}
}
