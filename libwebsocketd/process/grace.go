package process

import "time"

const (
	// lookPause is the time between two looks at which processes wait for a processor.
	lookPause = 50 * time.Millisecond
	// mostGrace limits how much any one wait is extended because of that.
	mostGrace = 3 * time.Second
)

// Grace extends a wait that is over by the clock. A process that could not run
// meanwhile, because others had the processors, gets that time back, and so does one
// whose input was closed and has not ended yet.
type Grace struct {
	process *Process
	killed  bool      // it waits for the end of a process that was sent SIGKILL
	began   time.Time // zero: the wait is not being extended
	looked  time.Time
	ran     map[string]time.Duration
}

// Grace returns a Grace for one wait at a time.
func (p *Process) Grace() Grace { return Grace{process: p} }

// More returns how long to wait before calling it again; at 0 the wait is over.
func (g *Grace) More() time.Duration {
	now := time.Now()
	if g.began.IsZero() {
		g.began = now
	}
	kept := g.process.kept(&g.ran, now.Sub(g.looked), g.killed)
	if now.Sub(g.began) > mostGrace || !kept && !g.process.inputIsHeld() {
		*g = g.process.Grace()
		return 0
	}
	g.looked = now
	return lookPause
}
