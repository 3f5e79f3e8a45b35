package poll

import (
	"time"

	"websocketd/libwebsocketd"
)

// lookInterval is how often a client is looked at whose body is not read.
const lookInterval = time.Second

// connState is what can be known of a client's connection besides.
type connState interface {
	HungUp() bool  // the client is gone, and has not only closed its sending half
	Closing() bool // it sends nothing more after what is unread, as far as that is known

	// BytesAcked is a count that grows when it takes something, if that is known, and
	// whether there is something to take.
	BytesAcked() (count int64, rest, known bool)
}

// errStalled is why a conversation ends whose client neither sends nor takes
// anything.
var errStalled = &libwebsocketd.CloseWith{Code: libwebsocketd.CloseTryAgainLater, Reason: "the body of the request has stalled for two ping intervals"}

// guard watches over a client whose body has not come whole: a process must not wait
// for ever for the rest. While it is the program that takes no more of it silence
// means nothing; then only the connection can tell that the client has left. A client's
// system may keep that to itself as long as it has more of the body to send: what is
// written to it tells.
type guard struct {
	client *client
	moved  int64 // bytes, in both directions
	since  time.Time

	held    time.Time     // when the body was read last, or something moved
	pause   time.Duration // from then until the next word to the client
	closing bool          // it has sent its end
}

func newGuard(c *client) *guard {
	return &guard{client: c, since: time.Now(), held: time.Now(), pause: c.pause()}
}

// pause returns how long nothing need be written to a client.
func (c *client) pause() time.Duration {
	if c.interval > 0 {
		return c.interval
	}
	return libwebsocketd.DefaultPingInterval
}

// guardInterval returns how often a guard looks.
func (c *client) guardInterval() time.Duration {
	if c.interval > 0 {
		return min(c.interval/2, lookInterval)
	}
	return lookInterval
}

func (g *guard) look() {
	c := g.client
	if c.in.over.Load() {
		return
	}
	waiting, moved := c.in.waiting.Load(), c.in.came.Load()+c.out.taken.Load()
	g.ask(waiting || moved != g.moved)
	if !waiting || moved != g.moved {
		g.moved, g.since = moved, time.Now()
	}
	switch {
	case !waiting && c.peer.HungUp():
		c.gone()
	case c.interval > 0 && time.Since(g.since) >= 2*c.interval:
		c.cancel(errStalled)
	}
}

// ask sends a word to a client that is held back: at once when it has sent its end, and
// else in pauses that become longer, because some clients take only a few of them.
func (g *guard) ask(goesOn bool) {
	closing := g.client.peer.Closing()
	switch held := time.Since(g.held); {
	case goesOn:
		g.held, g.pause = time.Now(), g.client.pause()
	case closing && !g.closing:
		g.client.interim()
	case held >= g.pause:
		g.pause = 2 * held
		g.client.interim()
	}
	g.closing = closing && !goesOn
}

// tookNothing reports whether nothing has been taken for two intervals, in each of
// which there was a comment to take. It is asked once an interval.
func (c *client) tookNothing() bool {
	taken, _, known := c.peer.BytesAcked()
	if !known || taken != c.acknowledged {
		c.acknowledged, c.still = taken, 0
		return false
	}
	c.still++
	return c.still >= 2
}
