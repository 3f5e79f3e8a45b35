package libwebsocketd

import (
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"websocketd/libwebsocketd/gate"
	"websocketd/libwebsocketd/process"
)

const (
	// mostRefused is how many connections beyond the limit are read from, to answer
	// them in peace. The next ones get an answer to what they have not asked yet.
	mostRefused = 64
	// tellAgain is how often the log says that connections are refused.
	tellAgain = 10 * time.Second
)

// conns counts the connections of Serve, from accept to close.
type conns struct {
	limit int // not positive: none
	log   *slog.Logger

	mu      sync.Mutex
	all     map[net.Conn]connState
	unused  map[net.Conn]struct{} // those without a request so far
	refused int                   // how many of all are beyond the limit
	streams int                   // requests of HTTP/2, of which one connection has many
	told    time.Time             // when the log said so
	closed  bool
}

type connState struct{ refused, hijacked bool }

func newConns(limit int, log *slog.Logger) *conns {
	return &conns{limit: limit, log: log, all: map[net.Conn]connState{}, unused: map[net.Conn]struct{}{}}
}

// defaultMaxConns leaves a quarter of the descriptors to processes and files.
func defaultMaxConns() int {
	if n := process.UsableDescriptors(); n > 0 {
		return max(n*3/4, 1)
	}
	return -1
}

// note is net/http's ConnState.
func (c *conns) note(conn net.Conn, state http.ConnState) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch state {
	case http.StateNew:
		c.enterLocked(conn)
	case http.StateClosed:
		c.leaveLocked(conn)
		return
	case http.StateHijacked:
		c.all[conn] = connState{hijacked: true}
	}
	if state != http.StateNew { // a request has come
		delete(c.unused, conn)
	}
}

func (c *conns) enterLocked(conn net.Conn) {
	if c.closed { // accepted in the last moment
		conn.Close()
		return
	}
	full := c.limit > 0 && len(c.all)-c.refused >= c.limit
	if full {
		c.tellLocked()
	}
	if full && c.refused >= mostRefused {
		refuseUnasked(conn)
		return
	}
	if full {
		c.refused++
	}
	c.all[conn] = connState{refused: full}
	c.unused[conn] = struct{}{}
}

func (c *conns) leaveLocked(conn net.Conn) {
	if c.all[conn].refused {
		c.refused--
	}
	delete(c.all, conn)
	delete(c.unused, conn)
}

// tellLocked says in the log that connections are refused.
func (c *conns) tellLocked() {
	if now := time.Now(); now.Sub(c.told) >= tellAgain {
		c.told = now
		logAt(c.log, LevelError, "server", c.full().Reason)
	}
}

// full is the refusal of a connection beyond the limit.
func (c *conns) full() *gate.Refusal {
	return &gate.Refusal{
		Status:     http.StatusServiceUnavailable,
		Reason:     fmt.Sprintf("there are --maxconns=%d connections already: try again later, or start the server with a larger --maxconns", c.limit),
		RetryAfter: 1,
	}
}

// refuseUnasked answers a connection at once and closes it. Nothing of a TLS
// connection can be written before its handshake.
func refuseUnasked(conn net.Conn) {
	switch conn.(type) {
	case *net.TCPConn, *net.UnixConn:
		conn.SetWriteDeadline(time.Now().Add(time.Second)) // a new connection takes that much at once
		fmt.Fprint(conn, "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
	}
	conn.Close()
}

// begin refuses a request on a connection beyond the limit, and one of HTTP/2 where
// there are as many as connections may be. After nil comes an end.
func (c *conns) begin(r *http.Request) *gate.Refusal {
	conn, stream := acceptedConn(r.Context()), r.ProtoMajor > 1
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.all[conn].refused, stream && c.limit > 0 && c.streams >= c.limit:
		return c.full()
	case stream:
		c.streams++
	}
	return nil
}

func (c *conns) end(r *http.Request) {
	if r.ProtoMajor > 1 {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.streams--
	}
}

// forget is for a connection that net/http may have given away, when that is closed.
func (c *conns) forget(conn net.Conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.all[conn].hijacked {
		c.leaveLocked(conn)
	}
}

// close lets no more in, and closes connections without a request: net/http would
// wait five seconds for what a browser opened to have it ready.
func (c *conns) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	for conn := range c.unused {
		conn.Close()
	}
}
