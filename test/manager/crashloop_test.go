package manager

import (
	"testing"
	"time"

	"websocketd/test/harness"
)

// TestCrashLoops: twenty programs that end at once are all errored after exactly max_restarts, and
// what the log says of it is bounded.
func TestCrashLoops(t *testing.T) {
	t.Parallel()
	const most = 8
	began := time.Now()
	s := manage(t, programs(20, func(int) string {
		return `command = ["/bin/sh", "-c", "echo oops >&2; exit 1"]
			min_uptime = "1h" # a busy machine may take longer than the default to run it
			max_restarts = 8
			restart_delay = 50`
	}))
	for n := range 20 {
		harness.Until(t, name(n)+" is errored", func() bool { return s.info(t, name(n)).Data.Status == "errored" })
		if about := s.info(t, name(n)).Data; about.Restarts != most {
			t.Errorf("%+v", about)
		}
	}
	took := time.Since(began)
	harness.Until(t, "all are told of in the log", func() bool { return len(s.Out.With("ERRORED")) >= 20 })
	if n := len(s.Out.With("ERRORED")); n != 20 {
		t.Errorf("%d lines tell that one is errored", n)
	}
	lines, processes := len(s.Out.With("")), 20*(most+1)
	if lines > 6*processes+100 {
		t.Errorf("%d lines in the log for %d processes", lines, processes)
	}
	harness.Measured(t, "20 programs that end at once, %d processes in %v: %d lines in the log, %v of processor time of the server", processes, took.Round(time.Millisecond),
		lines, harness.CPUTime(s.PID))
}
