package backoff

import (
	"cmp"
	"time"
)

// Defaults of a Pause's fields.
const (
	DefaultFirst = 100 * time.Millisecond
	DefaultMost  = 30 * time.Second
	DefaultGood  = time.Second
)

// Nth returns the wait before the nth attempt in a row after failures: it begins with first, where 0
// is DefaultFirst, and doubles up to DefaultMost, or stays first where that is longer.
func Nth(first time.Duration, n int) time.Duration {
	first = cmp.Or(first, DefaultFirst)
	wait := first
	for ; n > 1 && wait < DefaultMost; n-- {
		wait *= 2
	}
	return min(wait, max(DefaultMost, first))
}

// Pause is a wait that doubles from one failure to the next. The zero value waits for
// nothing yet and has the defaults. Its fields are set before the first failure. One
// goroutine at a time may call its methods.
type Pause struct {
	First time.Duration // after the first failure; 0 is DefaultFirst
	Most  time.Duration // the longest; 0 is DefaultMost
	Good  time.Duration // a run of this length is no failed start; 0 is DefaultGood

	pause  time.Duration
	failed time.Time // time of the last failure
}

// Fail records that what was started at born has failed now, and returns the pause
// before the next start. Runs that began before the last failure was known fail
// for the same reason, and together count once.
func (p *Pause) Fail(born, now time.Time) time.Duration {
	switch {
	case p.pause == 0 || now.Sub(born) >= cmp.Or(p.Good, DefaultGood):
		p.pause = cmp.Or(p.First, DefaultFirst)
	case !born.Before(p.failed):
		p.pause = min(2*p.pause, cmp.Or(p.Most, DefaultMost))
	}
	p.failed = now
	return p.pause
}

// Left returns how much of the pause remains.
func (p *Pause) Left(now time.Time) time.Duration {
	return max(0, p.pause-now.Sub(p.failed))
}

// Reset forgets all failures. It is called when a run has done what it was started for.
func (p *Pause) Reset() { p.pause, p.failed = 0, time.Time{} }
