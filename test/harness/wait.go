package harness

import "time"

// patience is how long a test waits for what must happen. It is a limit, not
// a measurement: nothing here is about speed.
const patience = 25 * time.Second

// Patience returns how long t waits for what must happen.
func Patience(t T) time.Duration {
	if p, ok := t.(interface{ Patience() time.Duration }); ok {
		return p.Patience()
	}
	return patience
}

// Until waits for cond and fails the test if it does not come true in time.
func Until(t T, what string, cond func() bool) {
	t.Helper()
	if limit := Patience(t); !Within(limit, cond) {
		t.Fatalf("waited %v in vain: %s", limit, what)
	}
}

// Within polls cond until it is true, at most for d, and says whether it was.
func Within(d time.Duration, cond func() bool) bool {
	end := time.NewTimer(d)
	defer end.Stop()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		if cond() {
			return true
		}
		select {
		case <-end.C:
			return cond()
		case <-tick.C:
		}
	}
}

// Paced calls step n times, every d. It is for clients that are slow on
// purpose, and stops early when step returns false.
func Paced(n int, d time.Duration, step func(i int) bool) {
	tick := time.NewTicker(d)
	defer tick.Stop()
	for i := 0; i < n && step(i); i++ {
		<-tick.C
	}
}

// Soon is a deadline for what can only be found out by its not happening.
func Soon() time.Time { return time.Now().Add(100 * time.Millisecond) }
