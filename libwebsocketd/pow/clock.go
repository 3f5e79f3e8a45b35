package pow

import (
	"cmp"
	"sync"
	"time"
)

const (
	// callWait is how long a client may take to send its call. It is counted in looks, so
	// that our own lateness is not taken for the client's.
	callWait = time.Second
	look     = callWait / 10

	// mostCallWait is how long it may take if input comes before the call all the time.
	mostCallWait = 30 * time.Second
)

// clock ends the wait for a call.
type clock struct {
	mu     sync.Mutex
	timer  *time.Timer
	silent int // looks at which nothing had come
	all    int // looks
	over   bool
	heard  func() (bool, error) // whether something has come since the last look, or why the wait is over
	expire func(cause error)    // called when the time is up
}

// startClock starts a clock. The caller must call stop; expire runs before that returns, or
// never.
func startClock(heard func() (bool, error), expire func(cause error)) *clock {
	c := &clock{heard: heard, expire: expire}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.timer = time.AfterFunc(look, c.look)
	return c
}

func (c *clock) look() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.over {
		return
	}
	heard, cause := c.heard()
	if c.all++; !heard {
		c.silent++
	}
	if cause == nil && c.silent < int(callWait/look) && c.all < int(mostCallWait/look) {
		c.timer.Reset(look)
		return
	}
	c.over = true
	c.expire(cmp.Or(cause, errTimeout))
}

// stop stops the clock, and reports whether the time was not up.
func (c *clock) stop() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.timer.Stop()
	inTime := !c.over
	c.over = true
	return inTime
}
