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
	// mostRefused is how many connections beyond the limit are read from, to answer
	// them in peace. The next ones get an answer to what they have not asked yet.
	mostRefused = 64
	// tellAgain is how often the log says that connections are refused.
	tellAgain = 10 * time.Second
)

// conns counts the connections of Serve, from accept to close.
//
// One on which a request is waited for, its first or the next, may hold the beginning
// of a header. Those that hold next to nothing may all wait. When the others hold too
// much together, the one goes that has held something longest: a client that sends a
// whole request at once is not harmed by those that never do.
type conns struct {
	limit    int   // not positive: none
	mostHeld int64 // what unfinished headers may cost together; not positive: no limit
	log      *slog.Logger

	mu       sync.Mutex
	count    int                    // of all
	refused  int                    // how many of them are beyond the limit
	streams  int                    // requests of HTTP/2, of which one connection has many
	fresh    map[*accepted]struct{} // those that never had a request
	holders  list.List              // of those that hold something, the longest first
	held     int64                  // the cost of it all
	toldFull time.Time              // when the log said that there are too many
	toldHeld time.Time              // when it said that they hold too much
	closed   bool
}

func newConns(limit int, mostHeld int64, log *slog.Logger) *conns {
	return &conns{limit: limit, mostHeld: mostHeld, log: log, fresh: map[*accepted]struct{}{}}
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
	if c.closed { // accepted in the last moment
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
	if a.refused {
		c.refused--
	}
	a.entered = false
}

// settleLocked forgets that a request is waited for: it has come, or none will.
func (c *conns) settleLocked(a *accepted) {
	a.waiting.Store(false)
	c.dropLocked(a)
	delete(c.fresh, a)
}

// hold counts what a connection holds on which a request is waited for.
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
	for c.held > c.mostHeld && c.holders.Len() > 1 { // whoever is alone is never too many
		c.tellLocked(&c.toldHeld, c.tooMuchHeld())
		longest := c.holders.Front().Value.(*accepted)
		c.settleLocked(longest)
		longest.evict()
	}
}

// drop forgets what a connection held that holds nothing any more.
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

// tellLocked says now and then in the log that connections are refused.
func (c *conns) tellLocked(told *time.Time, why *gate.Refusal) {
	if now := time.Now(); now.Sub(*told) >= tellAgain {
		*told = now
		logging.At(c.log, logging.LevelError, "server", why.Reason)
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

// tooMuchHeld is the refusal of a connection that has held the beginning of a header
// longest.
func (c *conns) tooMuchHeld() *gate.Refusal {
	return &gate.Refusal{
		Status:     http.StatusServiceUnavailable,
		Reason:     "headers that have not come whole hold too much memory, so the one waited for longest is refused: send it at once, or start the server with a larger --maxmemory",
		RetryAfter: 1,
	}
}

// refuseUnasked answers a connection at once and closes it. Nothing of a TLS
// connection can be written before its handshake.
func refuseUnasked(a *accepted, refusal *gate.Refusal) {
	if !a.secure {
		text := refusal.Text() + "\n"
		a.SetWriteDeadline(time.Now().Add(time.Second)) // one that waits takes that much at once
		fmt.Fprintf(a, "HTTP/1.1 503 Service Unavailable\r\nRetry-After: %d\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s",
			refusal.RetryAfter, len(text), text)
	}
	a.Close()
}

// begin refuses a request on a connection beyond the limit or that was given up, and one
// of HTTP/2 where there are as many as connections may be. After nil comes an end.
func (c *conns) begin(r *http.Request) *gate.Refusal {
	a, stream := acceptedConn(r.Context()), r.ProtoMajor > 1
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case a != nil && a.evicted.Load(): // when its last byte had just come
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

// forget forgets a connection that net/http may have given away, when it is closed.
func (c *conns) forget(a *accepted) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if a != nil && a.hijacked {
		c.leaveLocked(a)
	}
}

// close lets no more in, and closes connections that wait for their first request:
// net/http would wait five seconds for what a browser opened to have it ready. Others
// that are idle it takes leave of itself (RFC 9113 section 6.8).
func (c *conns) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	for a := range c.fresh {
		a.Conn.Close() // TLS might have to wait with its last word
	}
}
