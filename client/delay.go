package client

import (
	"math/rand/v2"
	"time"
)

// delay is the pause before the next try. It doubles from one failure to the next, and
// half of it is chance: clients that one server has lost do not come back together.
type delay struct {
	first, most time.Duration
	pause       time.Duration // the last one; 0 after a success
}

// next returns the pause after another failure.
func (d *delay) next() time.Duration {
	d.pause = min(max(2*d.pause, d.first), d.most)
	return d.pause/2 + rand.N(d.pause/2+1)
}

// reset forgets all failures.
func (d *delay) reset() { d.pause = 0 }
