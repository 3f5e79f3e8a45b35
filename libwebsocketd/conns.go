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
	"websocketd/libwebsocketd/logging"
	"websocketd/libwebsocketd/process"
)

const (
	// mostRefused is how many connections beyond the limit are kept until their
	// request has come, which is then refused. Further ones are refused at once.
	mostRefused = 64
	// tellAgain is the pause between two log lines about refused connections.
	tellAgain = 10 * time.Second
)

// conns counts the connections of Serve, from accept to close.
//
// A connection that waits for a request, its first or the next, may hold the beginning
// of a header. Those that hold next to nothing may all wait. When the others hold too
// much together, the one that has held something longest is evicted. So clients that
// never finish a request do no harm to one that sends it at once.
type conns struct {
	limit    int   // not positive: none
	mostHeld int64 // what unfinished headers may cost together; not positive: no limit
	log      *slog.Logger

	mu       sync.Mutex
	count    int                    // of all
	none     none                   // of them
	accepted uint64                 // how many there ever were
	refused  int                    // how many of them are beyond the limit
	streams  int                    // requests of HTTP/2, of which one connection has many
	fresh    map[*accepted]struct{} // those that never had a request
	holders  list.List              // of those that hold something, the longest first
	held     int64                  // the cost of what they hold
	toldFull time.Time              // when it was last logged that there are too many
	toldHeld time.Time              // when it was last logged that they hold too much
	closed   bool
}

func newConns(limit int, mostHeld int64, log *slog.Logger) *conns {
	return &conns{limit: limit, mostHeld: mostHeld, log: log, fresh: map[*accepted]struct{}{}}
}

// defaultMaxConns returns three quarters of the descriptors: the rest is for processes
// and files. It returns -1 where their number is not known.
func defaultMaxConns() int {
	if n := process.UsableDescriptors(); n > 0 {
		return max(n*3/4, 1)
	}
	return -1
}

// note records the state of a connection. It is the ConnState of an http.Server.
func (c *conns) note(conn net.Conn, state http.ConnState) {
	a := asAccepted(conn)
	c.mu.Lock()
	defer c.mu.Unlock()
	switch state {
	case http.StateNew:
		_, a.secure = conn.(*tls.Conn)
		c.enterLocked(a)
	case http.StateActive:
		c.settleLocked(a)
	case http.StateIdle:
		a.cost.Store(0)
		a.waiting.Store(true)
	case http.StateClosed:
		c.leaveLocked(a)
	case http.StateHijacked:
		c.settleLocked(a)
		a.hijacked = true
	}
}

func (c *conns) enterLocked(a *accepted) {
	if c.closed { // accepted just before
		a.Close()
		return
	}
	full := c.limit > 0 && c.count-c.refused >= c.limit
	if full {
		c.tellLocked(&c.toldFull, c.full())
	}
	if full && c.refused >= mostRefused {
		refuseUnasked(a, c.full())
		return
	}
	if full {
		c.refused++
	}
	c.count++
	c.accepted++
	a.entered, a.refused = true, full
	c.fresh[a] = struct{}{}
	a.waiting.Store(true)
}

func (c *conns) leaveLocked(a *accepted) {
	if !a.entered {
		return
	}
	c.settleLocked(a)
	c.count--
	c.none.note(c.count)
	if a.refused {
		c.refused--
	}
	a.entered = false
}

// settleLocked records that a connection does not wait for a request any more: it has
// come, or none will.
func (c *conns) settleLocked(a *accepted) {
	a.waiting.Store(false)
	c.dropLocked(a)
	delete(c.fresh, a)
}

// hold sets the cost of what a connection holds that waits for a request, and evicts
// others while all hold too much.
func (c *conns) hold(a *accepted, cost int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !a.waiting.Load() || c.mostHeld <= 0 {
		return
	}
	if a.place == nil {
		a.place = c.holders.PushBack(a)
	}
	c.held += cost - a.held
	a.held = cost
	for c.held > c.mostHeld && c.holders.Len() > 1 { // a single one is never evicted
		c.tellLocked(&c.toldHeld, c.tooMuchHeld())
		longest := c.holders.Front().Value.(*accepted)
		c.settleLocked(longest)
		longest.evict()
	}
}

// drop resets the cost of a connection that holds nothing any more.
func (c *conns) drop(a *accepted) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.dropLocked(a)
}

func (c *conns) dropLocked(a *accepted) {
	a.cost.Store(0)
	if a.place != nil {
		c.holders.Remove(a.place)
		c.held -= a.held
		a.place, a.held = nil, 0
	}
}

// tellLocked logs that connections are refused, at most once in tellAgain.
func (c *conns) tellLocked(told *time.Time, why *gate.Refusal) {
	if now := time.Now(); now.Sub(*told) >= tellAgain {
		*told = now
		logging.At(c.log, logging.LevelError, "server", why.Reason)
	}
}

// full returns the refusal of a connection beyond the limit.
func (c *conns) full() *gate.Refusal {
	return &gate.Refusal{
		Status:     http.StatusServiceUnavailable,
		Kind:       gate.KindConnections,
		Reason:     fmt.Sprintf("there are --maxconns=%d connections already: try again later, or start the server with a larger --maxconns", c.limit),
		RetryAfter: 1,
	}
}

// tooMuchHeld returns the refusal of the connection that has held the beginning of a
// header longest.
func (c *conns) tooMuchHeld() *gate.Refusal {
	return &gate.Refusal{
		Status:     http.StatusServiceUnavailable,
		Kind:       gate.KindConnections,
		Reason:     "headers that have not come whole hold too much memory, so the one waited for longest is refused: send it at once, or start the server with a larger --maxmemory",
		RetryAfter: 1,
	}
}

// refuseUnasked answers a connection at once and closes it. Nothing of a TLS
// connection can be written before its handshake.
func refuseUnasked(a *accepted, refusal *gate.Refusal) {
	if !a.secure {
		text := refusal.Text() + "\n"
		a.SetWriteDeadline(time.Now().Add(time.Second)) // so few bytes fit into the socket's buffer at once
		fmt.Fprintf(a, "HTTP/1.1 503 Service Unavailable\r\nRetry-After: %d\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s",
			refusal.RetryAfter, len(text), text)
	}
	a.Close()
}

// begin counts a request, and refuses it on a connection that is beyond the limit or was
// evicted. It also refuses one of HTTP/2 when there are as many of these as connections
// are allowed. If begin returns nil, the caller must call end.
func (c *conns) begin(r *http.Request) *gate.Refusal {
	a, stream := acceptedConn(r.Context()), r.ProtoMajor > 1
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case a != nil && a.evicted.Load(): // just as its last byte came
		return c.tooMuchHeld()
	case a != nil && a.refused, stream && c.limit > 0 && c.streams >= c.limit:
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

// forget stops counting a connection that was hijacked from net/http, if it was. It is
// called when that connection is closed.
func (c *conns) forget(a *accepted) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if a != nil && a.hijacked {
		c.leaveLocked(a)
	}
}

// close refuses new connections, and closes those that wait for their first request:
// net/http would wait five seconds for one that a browser has opened in advance. It
// closes other idle ones itself (RFC 9113 section 6.8).
func (c *conns) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	for a := range c.fresh {
		a.Conn.Close() // not through TLS, whose last alert might block
	}
}
