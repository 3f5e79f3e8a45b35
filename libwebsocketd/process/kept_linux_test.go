package process

import "testing"

// TestIsKept: a thread that waits for the kernel is waited for only once it was killed: before
// that the wait may be what it does.
func TestIsKept(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		state        byte
		alive, after bool
	}{{'R', true, true}, {'D', false, true}, {'S', false, false}, {'T', false, false}, {'Z', false, false}} {
		s := stat{state: test.state}
		if s.isKept(false) != test.alive || s.isKept(true) != test.after {
			t.Errorf("%c: %v before SIGKILL and %v after it", test.state, s.isKept(false), s.isKept(true))
		}
	}
}
