package poll

import (
	"time"

	"websocketd/libwebsocketd"
)

// lookInterval is how often a client is looked at whose body is not read.
const lookInterval = time.Second

// peer is what can be known of a client's connection besides.
type peer interface {
	Left() bool // the client is gone, and has not only closed its sending half

	// Taken is a count that grows when it takes something, if that is known, and
	// whether there is something to take.
	Taken() (count int64, rest, known bool)
}

// errStalled is why a conversation ends whose client neither sends nor takes
// anything.
var errStalled = &libwebsocketd.CloseError{Code: 1013, Reason: "the body of the request has stalled for two ping intervals"}

// guard watches over a client whose body has not come whole: a process must not wait
// for ever for the rest. While it is the program that takes no more of it silence
// means nothing; then only the connection can tell that the client has left.
type guard struct {
	client *client
	moved  int64 // bytes, in both directions
	since  time.Time
}

func newGuard(c *client) *guard { return &guard{client: c, since: time.Now()} }

// guardInterval is how often a guard looks.
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
	if !waiting || moved != g.moved {
		g.moved, g.since = moved, time.Now()
	}
	switch {
	case !waiting && c.peer.Left():
		c.gone()
	case c.interval > 0 && time.Since(g.since) >= 2*c.interval:
		c.cancel(errStalled)
	}
}

// tookNothing reports whether nothing has been taken for two intervals, in each of
// which there was a comment to take. It is asked once an interval.
func (c *client) tookNothing() bool {
	taken, _, known := c.peer.Taken()
	if !known || taken != c.acknowledged {
		c.acknowledged, c.still = taken, 0
		return false
	}
	c.still++
	return c.still >= 2
}
