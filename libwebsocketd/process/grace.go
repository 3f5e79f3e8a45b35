package process

import "time"

const (
	// lookPause is the time from one look at who waits for a processor to the next.
	lookPause = 20 * time.Millisecond
	// mostGrace is how much longer any one wait takes because of that.
	mostGrace = time.Second
)

// Grace is for a wait that is over on the clock: it gives a process that could not
// run meanwhile, because others had the processors, the time it was kept from.
type Grace struct {
	process *Process
	began   time.Time // of the grace
	looked  time.Time
	ran     map[string]time.Duration
}

// NewGrace is for one wait at a time.
func (p *Process) NewGrace() *Grace { return &Grace{process: p} }

// More is how much longer to wait before asking again; at 0 the wait is over.
func (g *Grace) More() time.Duration {
	now := time.Now()
	if g.began.IsZero() {
		g.began = now
	}
	kept := g.process.kept(&g.ran, now.Sub(g.looked))
	if !kept || now.Sub(g.began) > mostGrace {
		g.Reset()
		return 0
	}
	g.looked = now
	return lookPause
}

// Reset is for the next wait.
func (g *Grace) Reset() { *g = Grace{process: g.process} }
