// Package shared tests lifetime shared through the real binary, with real programs
// and clients that were written by others: one process, many viewers, and nobody who
// reads misses anything. Each file is one promise.
package shared

import (
	"slices"
	"strings"
	"testing"

	"websocketd/test/harness"
)

func TestMain(m *testing.M) { harness.Main(m) }

// sharing is flags of every server here. Clients that read nothing are closed as slow, and
// not because on a busy machine that takes longer than two pings.
var sharing = []string{"--shared", "--pingms=0"}

// start runs our binary with --shared, more flags and a command.
func start(t *testing.T, args ...string) *harness.Server {
	t.Helper()
	return harness.Start(t, harness.Binary(t), append(slices.Clone(sharing), args...)...)
}

// startPlain runs our binary without the race detector, for measurements.
func startPlain(t *testing.T, args ...string) *harness.Server {
	t.Helper()
	return harness.Start(t, harness.PlainBinary(t), append(slices.Clone(sharing), args...)...)
}

// counting is flags and the command of a program that prints numbered messages once
// it has heard something. How is the rest of its arguments; see test/child/count.go.
func counting(t *testing.T, how string, flags ...string) []string {
	t.Helper()
	return append(append(flags, harness.Child(t), "count"), strings.Fields(how)...)
}

// starts is how many processes the server has started so far.
func starts(s *harness.Server) int { return len(s.Out.With("| START")) }

// started demands that the server has started so many processes so far. Its log may
// be a little behind.
func started(t *testing.T, s *harness.Server, n int) {
	t.Helper()
	harness.Until(t, "all starts are logged", func() bool { return starts(s) >= n })
	if got := starts(s); got > n {
		t.Errorf("%d processes were started, not %d", got, n)
	}
}

// onlyProcess waits for the server's process and demands that it is the only one.
func onlyProcess(t *testing.T, s *harness.Server) (pid int) {
	t.Helper()
	var all []int
	harness.Until(t, "there is a process", func() bool { all = s.Children(); return len(all) > 0 })
	if len(all) > 1 {
		t.Fatalf("processes %v of one URL", all)
	}
	return all[0]
}

// connected waits until so many viewers have come.
func connected(t *testing.T, s *harness.Server, n int) {
	t.Helper()
	harness.Until(t, "all viewers have come", func() bool { return len(s.Out.With("| CONNECT")) >= n })
}
