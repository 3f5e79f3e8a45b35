package harness

import (
	"context"
	"fmt"
	"time"
)

// patience limits how long a test waits for what must happen, in the time of a quiet
// machine. It does not measure: nothing here is about speed.
const patience = 25 * time.Second

// Patience returns how long t waits for what must happen.
func Patience(t T) time.Duration {
	if p, ok := t.(interface{ Patience() time.Duration }); ok {
		return p.Patience()
	}
	return patience
}

// Until waits for cond and fails the test if it does not become true in time.
func Until(t T, what string, cond func() bool) {
	t.Helper()
	if limit := Patience(t); !Within(limit, cond) {
		t.Fatalf("waited %v in vain: %s", limit, what)
	}
}

// Reaches waits until number is at least want, as long as it grows.
func Reaches(t T, what string, want int, number func() int) {
	t.Helper()
	for last := number(); last < want; {
		if limit := Patience(t); !Within(limit, func() bool { return number() > last }) {
			t.Fatalf("%s: %d of %d, and no more within %v", what, last, want, limit)
		}
		last = number()
	}
}

// Settled waits until a number stays the same for twenty looks, and returns it.
func Settled(t T, number func() int) int {
	t.Helper()
	last, same := 0, 0
	Until(t, "a number settles", func() bool {
		if n := number(); n != last {
			last, same = n, 0
		}
		same++
		return same > 20
	})
	return last
}

// Within polls cond until it is true, at most for d in the time of a quiet machine,
// and reports whether it was. It polls less and less often: most conditions read all
// of /proc, and many tests do that at once.
func Within(d time.Duration, cond func() bool) bool {
	pause := 2 * time.Millisecond
	tick := time.NewTicker(pause)
	defer tick.Stop()
	for now := newClock(); now.tick() < d; <-tick.C {
		if cond() {
			return true
		}
		pause = min(2*pause, slowestPoll)
		tick.Reset(pause)
	}
	return cond()
}

// slowestPoll is shorter than longestTick, so that the clock sees all of it.
const slowestPoll = 50 * time.Millisecond

// Context returns a context for clients and tools that we did not write. It is done
// when t ends, or after four times the patience of t.
func Context(t T) context.Context {
	ctx, cancel := withPatience(context.Background(), 4*Patience(t))
	t.Cleanup(cancel)
	return ctx
}

// WithPatience is context.WithTimeout for what must happen.
func WithPatience(t T, parent context.Context) (context.Context, context.CancelFunc) {
	return withPatience(parent, Patience(t))
}

func withPatience(parent context.Context, limit time.Duration) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(parent)
	over := make(chan struct{})
	go func() {
		defer close(over)
		if !Within(limit, func() bool { return ctx.Err() != nil }) {
			cancel(fmt.Errorf("waited %v in vain", limit))
		}
	}()
	return ctx, func() { cancel(nil); <-over }
}

// Paced calls step n times, every d, for clients that are slow on purpose. It stops
// early when step returns false.
func Paced(n int, d time.Duration, step func(i int) bool) {
	tick := time.NewTicker(d)
	defer tick.Stop()
	for i := 0; i < n && step(i); i++ {
		<-tick.C
	}
}

// Soon returns a deadline for tests that something does not happen.
func Soon() time.Time { return time.Now().Add(100 * time.Millisecond) }
