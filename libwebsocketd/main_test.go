package libwebsocketd

import (
	"testing"
	"time"

	"go.uber.org/goleak"
)

// TestMain fails the package when a goroutine is left behind.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long something may take that happens at once on an idle
// machine.
const patience = 2 * time.Minute

// eventually looks every few milliseconds until it has come about, and fails the test
// when patience is over. It is the only place where a test waits for a time.
func eventually(t testing.TB, what string, come func() bool) {
	t.Helper()
	deadline := time.After(patience)
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !come() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("not within %s: %s", patience, what)
		}
	}
}

// within fails the test when f does not return in time.
func within(t testing.TB, limit time.Duration, what string, f func()) {
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
		case <-time.After(patience):
		}
		t.FailNow()
	}
}
