package process

import "time"

const (
	// lookPause is the time from one look at who waits for a processor to the next.
	lookPause = 50 * time.Millisecond
	// mostGrace is how much longer any one wait takes because of that.
	mostGrace = 3 * time.Second
)

// Grace is for waits that are over on the clock: it gives a process that could not run
// meanwhile, because others had the processors, the time it was kept from.
type Grace struct {
	process *Process
	began   time.Time // zero: none is given at the moment
	looked  time.Time
	ran     map[string]time.Duration
}

// Grace is for one wait after the other.
func (p *Process) Grace() Grace { return Grace{process: p} }

// More is how much longer to wait before asking again; at 0 the wait is over.
func (g *Grace) More() time.Duration {
	now := time.Now()
	if g.began.IsZero() {
		g.began = now
	}
	if now.Sub(g.began) > mostGrace || !g.process.kept(&g.ran, now.Sub(g.looked)) {
		*g = g.process.Grace()
		return 0
	}
	g.looked = now
	return lookPause
}
