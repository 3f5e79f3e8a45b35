package cli

import (
	"strings"
	"syscall"
	"testing"

	"websocketd/test/harness"
)

// goesOn is what the log says of clients when the server is told to stop.
func goesOn(t *testing.T, o harness.Options) string {
	s := with(o, "cat").Start(t)
	s.Signal(t, syscall.SIGTERM)
	line := s.Out.Await(t, "Stopping", "terminated")
	s.Wait(t)
	_, about, _ := strings.Cut(line, "terminated")
	about, _, _ = strings.Cut(about, "; a second signal")
	return about
}

// mayIdle says whether a server may end that nobody uses: it is refused for a process that always
// runs.
func mayIdle(t *testing.T, o harness.Options) string {
	s := with(o, "--shared", "--start=eager", "cat").Launch(t)
	harness.Until(t, "the server serves or ends", func() bool { return s.Exited() || s.Out.Has("Starting WebSocket server") })
	if !s.Exited() {
		return "serves"
	}
	if status := s.Wait(t); status != 1 || !s.Err.Has("--exitidle never comes") {
		t.Errorf("status %d: %s", status, s.Err)
	}
	return "refused"
}
