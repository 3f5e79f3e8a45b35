package testkit

import (
	"testing"
	"time"
)

// Patience is the time-out for what happens at once on an idle machine.
const Patience = 2 * time.Minute

// Eventually calls come every few milliseconds until it returns true, and fails the test
// after Patience. It is the only place where a test waits for a time.
func Eventually(t testing.TB, what string, come func() bool) {
	t.Helper()
	deadline := time.After(Patience)
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !come() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("not within %s: %s", Patience, what)
		}
	}
}

// Within fails the test when f does not return in time.
func Within(t testing.TB, limit time.Duration, what string, f func()) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	select {
	case <-done:
	case <-time.After(limit):
		t.Errorf("not within %s: %s", limit, what)
		select {
		case <-done: // f may use t
		case <-time.After(Patience):
		}
		t.FailNow()
	}
}
