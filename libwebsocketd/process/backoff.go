package process

import "time"

const (
	firstPause = 100 * time.Millisecond // after the first failure
	mostPause  = 30 * time.Second       // after any
	steady     = time.Second            // a process that has lived this long was no failed start
)

// backoff is the pause between failed starts: it doubles from one failure to the
// next. The zero value is none.
type backoff struct {
	pause  time.Duration
	failed time.Time // the last time
}

// fail notes that what was started at born has failed now, and returns the pause
// before the next start. Those started before the last failure was known fail
// for the same reason, and together count once.
func (b *backoff) fail(born, now time.Time) time.Duration {
	switch {
	case b.pause == 0 || now.Sub(born) >= steady:
		b.pause = firstPause
	case born.After(b.failed):
		b.pause = min(2*b.pause, mostPause)
	}
	b.failed = now
	return b.pause
}

// left is how much of the pause is left.
func (b *backoff) left(now time.Time) time.Duration {
	return max(0, b.pause-now.Sub(b.failed))
}

// reset forgets all failures: something was good for what it was started for.
func (b *backoff) reset() { *b = backoff{} }
