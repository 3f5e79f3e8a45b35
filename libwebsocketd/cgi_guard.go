package libwebsocketd

import (
	"cmp"
	"net"
	"sync"
	"time"

	"websocketd/libwebsocketd/internal/socket"
)

// cgiLook is the longest time between two looks at a client.
const cgiLook = time.Second

// cgiGuard watches over a client of a script: the script, and its slot, must not wait
// for ever for one that neither sends the rest of its body nor takes the answer. While
// it is the script that takes no more of the body, or says nothing, silence means
// nothing; then only the connection can tell that the client has left.
type cgiGuard struct {
	client   *cgiEndpoint
	conn     net.Conn // nil if it cannot be looked at
	interval time.Duration

	mu    sync.Mutex
	ended bool
	timer *time.Timer
	due   time.Time // when the next look is
	moved int64     // bytes, in both directions
	since time.Time // when they moved last, later by as much as our looks were late

	said  int64         // bytes of the body and of the answer
	held  time.Time     // when the body was read last, or the script said something
	quiet time.Duration // from then until the client is asked
}

func (g *cgiGuard) start(c *cgiEndpoint, interval time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.client, g.interval = c, interval
	if c.r.ProtoMajor == 1 {
		g.conn = connOf(c.r.Context())
	}
	g.moved, g.since = g.movedNow(), time.Now()
	g.heldBack(g.since, true)
	g.due = g.since.Add(g.pause())
	g.timer = time.AfterFunc(g.pause(), g.look)
}

func (g *cgiGuard) pause() time.Duration {
	if g.interval > 0 {
		return min(g.interval/2, cgiLook)
	}
	return cgiLook
}

// stop returns when no look is at work and none will follow.
func (g *cgiGuard) stop() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.ended = true
	g.timer.Stop()
}

func (g *cgiGuard) look() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.ended {
		return
	}
	c, now := g.client, time.Now()
	reading := c.waiting.Load() && !c.read.Load()
	g.since = g.since.Add(max(now.Sub(g.due), 0))
	if moved := g.movedNow(); moved != g.moved || !reading && !g.owed() {
		g.moved, g.since = moved, now
	}
	if held := g.heldBack(now, reading); c.r.ProtoAtLeast(1, 1) && (held || !reading && g.closing()) {
		c.answer.probe()
	}
	switch {
	case !reading && g.conn != nil && socket.Gone(g.conn):
		c.gone()
	case g.interval > 0 && now.Sub(g.since) >= 2*g.interval:
		c.cancel(errBodyStalled)
	}
	g.due = now.Add(g.pause())
	g.timer.Reset(g.pause())
}

// heldBack reports whether it is time to ask a client, whose script takes no more of its
// body, whether it is there: its system may have so much to send that we do not see the end
// after that. Some clients take only a few interim responses: the pauses double.
func (g *cgiGuard) heldBack(now time.Time, reading bool) bool {
	c := g.client
	said := c.came.Load() + c.answer.taken.Load()
	if reading || c.read.Load() || said != g.said {
		g.said, g.held, g.quiet = said, now, cmp.Or(max(g.interval, 0), DefaultPingInterval)
		return false
	}
	due := now.Sub(g.held) >= g.quiet && c.r.ProtoMajor == 1
	if due {
		g.quiet = 2 * now.Sub(g.held)
	}
	return due
}

// closing reports whether the client sends nothing more. net/http does not see it once
// something has come after the request.
func (g *cgiGuard) closing() bool {
	closing := g.client.r.Context().Err() != nil
	if !closing && g.conn != nil {
		_, closing = socket.HungUp(g.conn)
	}
	return closing
}

// movedNow is a count that grows with everything the client sends or takes.
func (g *cgiGuard) movedNow() int64 {
	moved := g.client.came.Load() + g.client.answer.taken.Load()
	if g.conn != nil {
		moved += socket.Acknowledged(g.conn, 0)
	}
	return moved
}

// owed reports whether there is some of the answer that the client has not taken.
func (g *cgiGuard) owed() bool { return g.conn != nil && socket.Unsent(g.conn) > 0 }
