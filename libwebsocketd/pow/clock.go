package pow

import (
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
	silent int  // looks in which nothing has come
	all    int  // looks
	came   bool // something has, since the last look
	over   bool
	expire func() // called when the time is up
}

// startClock starts a clock. The caller must call stop; expire runs before that returns, or
// never.
func startClock(expire func()) *clock {
	c := &clock{expire: expire}
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
	if c.all++; !c.came {
		c.silent++
	}
	c.came = false
	if c.silent < int(callWait/look) && c.all < int(mostCallWait/look) {
		c.timer.Reset(look)
		return
	}
	c.over = true
	c.expire()
}

// moved notes that something has come.
func (c *clock) moved() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.came = true
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
