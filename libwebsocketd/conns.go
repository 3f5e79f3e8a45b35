package libwebsocketd

import (
	"container/list"
	"crypto/tls"
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
//
// One that waits for a request, its first or the next, may hold the beginning of its
// headers. When too many wait, the one goes that has waited longest: a client that sends
// a whole request at once is seldom harmed by those that never do. (nginx, too, gives
// up idle connections first.)
type conns struct {
	limit       int // not positive: none
	mostWaiting int // not positive: as many as there are
	log         *slog.Logger

	mu      sync.Mutex
	all     map[net.Conn]connState
	waiting list.List // of those before or between requests, the longest there first
	refused int       // how many of all are beyond the limit
	streams int       // requests of HTTP/2, of which one connection has many
	told    time.Time // when the log said so
	closed  bool
}

type connState struct {
	refused, hijacked bool
	asked             bool          // there was a request
	place             *list.Element // among those that wait
}

func newConns(limit, mostWaiting int, log *slog.Logger) *conns {
	return &conns{limit: limit, mostWaiting: mostWaiting, log: log, all: map[net.Conn]connState{}}
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
	case http.StateActive:
		c.settleLocked(conn)
		s := c.all[conn]
		s.asked = true
		c.all[conn] = s
	case http.StateIdle:
		c.waitLocked(conn)
	case http.StateClosed:
		c.leaveLocked(conn)
	case http.StateHijacked:
		c.settleLocked(conn)
		c.all[conn] = connState{hijacked: true}
	}
}

func (c *conns) enterLocked(conn net.Conn) {
	if c.closed { // accepted in the last moment
		conn.Close()
		return
	}
	full := c.limit > 0 && len(c.all)-c.refused >= c.limit
	if full {
		c.tellLocked(c.full().Reason)
	}
	if full && c.refused >= mostRefused {
		refuseUnasked(conn)
		return
	}
	if full {
		c.refused++
	}
	c.all[conn] = connState{refused: full}
	c.waitLocked(conn)
}

func (c *conns) leaveLocked(conn net.Conn) {
	c.settleLocked(conn)
	if c.all[conn].refused {
		c.refused--
	}
	delete(c.all, conn)
}

// waitLocked is for a connection on which a request is waited for.
func (c *conns) waitLocked(conn net.Conn) {
	state := c.all[conn]
	state.place = c.waiting.PushBack(conn)
	c.all[conn] = state
	if c.mostWaiting > 0 && c.waiting.Len() > c.mostWaiting {
		c.tellLocked(fmt.Sprintf("%d connections wait for a request: the one that has waited longest is closed (see --maxmemory and --maxheader)", c.mostWaiting))
		longest := c.waiting.Front().Value.(net.Conn)
		c.settleLocked(longest)
		breakConn(longest)
	}
}

// settleLocked is for a connection on which none is, or not any more.
func (c *conns) settleLocked(conn net.Conn) {
	if state := c.all[conn]; state.place != nil {
		c.waiting.Remove(state.place)
		state.place = nil
		c.all[conn] = state
	}
}

// breakConn closes a connection without a word, which TLS might have to wait for.
func breakConn(conn net.Conn) {
	if t, ok := conn.(*tls.Conn); ok {
		conn = t.NetConn()
	}
	conn.Close()
}

// tellLocked says now and then in the log that connections are refused or closed.
func (c *conns) tellLocked(why string) {
	if now := time.Now(); now.Sub(c.told) >= tellAgain {
		c.told = now
		logAt(c.log, LevelError, "server", why)
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

// close lets no more in, and closes connections that wait for their first request:
// net/http would wait five seconds for what a browser opened to have it ready. Others
// that are idle it takes leave of itself (RFC 9113 section 6.8).
func (c *conns) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	for e := c.waiting.Front(); e != nil; e = e.Next() {
		if conn := e.Value.(net.Conn); !c.all[conn].asked {
			breakConn(conn)
		}
	}
}
