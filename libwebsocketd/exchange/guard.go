package exchange

import (
	"time"

	"websocketd/libwebsocketd/bridge"
)

// lookInterval is the longest time between two looks at a client.
const lookInterval = time.Second

// Peer is what can be known of a client's connection besides.
type Peer interface {
	HungUp() bool  // the client is gone, and has not only closed its sending half
	Closing() bool // it sends nothing more after what is unread, as far as that is known

	// BytesAcked returns a count that grows when the client's system takes some of what
	// our own, which has taken written bytes of the answer, sends to it; and whether
	// there is something to take. known is false where neither can be known.
	BytesAcked(written int64) (count int64, rest, known bool)
}

// Why a conversation ends on the client's account.
var (
	ErrStalled   = &bridge.CloseWith{Code: bridge.CloseTryAgainLater, Reason: "the body of the request has stalled for two ping intervals"}
	ErrNotTaking = &bridge.CloseError{Code: bridge.CloseAbnormal}
	ErrBroken    = &bridge.CloseError{Code: bridge.CloseAbnormal}
)

// guard watches over a client of which a body is to come, or whose answer has no
// comments; see the law of silence in doc.go.
type guard struct {
	client *Client
	due    time.Time // when the next look is
	moved  int64     // bytes that the client has sent or taken
	since  time.Time // when that changed last, later by as much as our looks were late

	said    int64         // bytes that the program has taken or said
	held    time.Time     // when that changed last, or the body was waited for
	pause   time.Duration // from then until the next word to the client
	closing bool          // it has sent its end
}

func newGuard(c *Client) *guard {
	now := time.Now()
	return &guard{client: c, due: now.Add(c.lookInterval()), since: now, held: now, pause: c.pause()}
}

// pause returns how long nothing need be written to a client.
func (c *Client) pause() time.Duration { return pauseOf(c.interval) }

// lookInterval returns how often a guard looks.
func (c *Client) lookInterval() time.Duration { return lookEvery(c.interval) }

// pauseOf returns how long nothing need be written to a client, of a ping interval.
func pauseOf(interval time.Duration) time.Duration {
	if interval > 0 {
		return interval
	}
	return defaultInterval
}

// lookEvery returns how often a client is looked at, of a ping interval.
func lookEvery(interval time.Duration) time.Duration { return min(pauseOf(interval)/2, lookInterval) }

func (g *guard) look() {
	c, now := g.client, time.Now()
	over := c.in.over.Load()
	if over && c.form.Comment() != "" {
		return
	}
	reading := c.in.waiting.Load() && !over
	g.ask(now, reading, over)
	g.since = g.since.Add(max(now.Sub(g.due), 0))
	g.due = now.Add(c.lookInterval())
	if moved, owed := g.movedNow(); moved != g.moved || !reading && !owed {
		g.moved, g.since = moved, now
	}
	switch silent := c.interval > 0 && now.Sub(g.since) >= 2*c.interval; {
	case !reading && c.peer.HungUp():
		c.gone()
	case silent && reading:
		c.cancel(ErrStalled)
	case silent:
		c.cancel(ErrNotTaking)
	}
}

// movedNow returns a count that grows with everything the client sends or takes, and
// whether there is some of the answer that it has not taken. The connection of a stream
// of HTTP/2 says nothing about that stream.
func (g *guard) movedNow() (count int64, owed bool) {
	c := g.client
	came, taken := c.in.came.Load(), c.out.taken.Load()
	if c.in.request.ProtoMajor == 1 {
		if acked, rest, known := c.peer.BytesAcked(taken); known {
			return came + acked, rest
		}
	}
	return came + taken, false
}

// ask sends a word to a client that may have left: at once when it has sent its end, and
// while its body is held back, behind which its end may not come, in pauses that become longer.
func (g *guard) ask(now time.Time, reading, over bool) {
	c := g.client
	if said := c.in.came.Load() + c.out.taken.Load(); reading || said != g.said {
		g.said, g.held, g.pause, g.closing = said, now, c.pause(), false
		return
	}
	held, closing := now.Sub(g.held), c.peer.Closing()
	switch {
	case closing && !g.closing:
		g.pause = min(g.pause, 2*held)
		c.interim()
	case held >= g.pause && (closing || !over && !isUndici(c.in.request)):
		g.pause = 2 * held
		c.interim()
	}
	g.closing = closing
}

// ticking is a Peer that knows how long ago the client's system acknowledged anything; 0 is
// not known.
type ticking interface{ SinceAcked() time.Duration }

// tookNothing reports whether nothing has been taken for two intervals: there was a comment to take
// in each of them, or in the last one, before which the client's system was silent already. It is asked
// once an interval.
func (c *Client) tookNothing() bool {
	now := time.Now()
	inTime := now.Sub(c.asked) < c.interval+c.lookInterval()/2
	c.asked = now
	taken, _, known := c.peer.BytesAcked(c.out.taken.Load())
	if !known || taken != c.acknowledged {
		c.acknowledged, c.still = taken, 0
		return false
	}
	c.still++
	return c.still >= 2 || inTime && c.heardNothing()
}

// heardNothing reports whether the client's system has been silent for two intervals, but for what an
// acknowledgement needs to come here.
func (c *Client) heardNothing() bool {
	peer, ok := c.peer.(ticking)
	return ok && peer.SinceAcked() >= 2*c.interval-c.lookInterval()/2
}
