package process

import (
	"errors"
	"os"
	"syscall"
	"testing"
)

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

// TestLeaderIsKept: where a goroutine waits for each exit, the leader keeps its number until
// Reap, however late that comes: a signal to its group reaches nobody else.
func TestLeaderIsKept(t *testing.T) {
	t.Parallel()
	l := newLauncher(t, LauncherOptions{})
	l.watch.close()
	l.watch = nil
	p := begin(t, l, sh("sleep 600 & exit 3"))
	<-p.Exited()
	if !hasExited(p.Pid) {
		t.Error("it was collected at its exit")
	}
	if err := p.Signal(0); err != nil {
		t.Errorf("a signal to the group: %v", err)
	}
	if got := p.Reap().String(); got != "exit status 3" {
		t.Error(got)
	}
	if err := p.Signal(syscall.SIGKILL); !errors.Is(err, os.ErrProcessDone) {
		t.Errorf("a signal after Reap: %v", err)
	}
}
