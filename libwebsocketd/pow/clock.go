package pow

import (
	"cmp"
	"sync"
	"time"
)

const (
	// callWait is how long a client may be silent before its call has come. It is counted in
	// looks, so that our own lateness is not taken for the client's.
	callWait = time.Second
	look     = callWait / 10

	// mostCallWait is how long it may take in all.
	mostCallWait = 30 * time.Second
)

// clock ends the wait for a call.
type clock struct {
	mu     sync.Mutex
	timer  *time.Timer
	silent int // looks in a row at which nothing had come
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
	c.all++
	if c.silent++; heard {
		c.silent = 0
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
