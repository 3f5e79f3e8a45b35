package guards

import (
	"testing"
	"time"

	"websocketd/test/harness"
)

// The lines a program writes at once go to the client at once.
func TestWritesPerLine(t *testing.T) {
	t.Parallel()
	const lines = 300000
	s := start(t, "seq", "1", "300000")
	before := harness.WriteCalls(t, s.PID)
	got := 0
	s.Connect(t).Each(t, func(harness.Message) { got++ })
	if got != lines {
		t.Errorf("%d of %d lines", got, lines)
	}
	calls := harness.WriteCalls(t, s.PID) - before
	limit(t, "write calls for 1000 lines", float64(calls)/(lines/1000), 20)
}

// stalledClients is how many do not read at the same time.
const stalledClients = 20

// Clients that do not read take a buffer each, and no time.
func TestStalledClients(t *testing.T) {
	t.Parallel()
	s := start(t, "yes", "a line of some thirty bytes and more")
	first := s.Connect(t)
	for range 10000 { // what a flood makes the server keep, it has
		if _, err := first.Receive(); err != nil {
			t.Fatal(err)
		}
	}
	first.Leave(t)
	harness.NoSurvivors(t, s)
	before := harness.Memory(t, s.PID)
	for range stalledClients {
		s.Connect(t)
	}
	harness.Until(t, "all programs wait for their clients", allWait(s))
	after := harness.Memory(t, s.PID)
	limit(t, "KB for a client that does not read", float64(after-before)/1024/stalledClients, 512)
	checkStill(t, s)
}

// allWait returns a condition: all programs are blocked in a write, and it was
// so the last times one looked, because each may be so for a moment.
func allWait(s *harness.Server) func() bool {
	var before time.Duration
	times := 0
	return func() bool {
		blocked := 0
		for _, pid := range s.Children() {
			if harness.Blocked(pid) {
				blocked++
			}
		}
		used := childrenCPU(s)
		times++
		if blocked != stalledClients || used != before {
			times = 0
		}
		before = used
		return times >= 20
	}
}

// childrenCPU is what the programs behind s have used.
func childrenCPU(s *harness.Server) (sum time.Duration) {
	for _, pid := range s.Children() {
		sum += harness.CPUTime(pid)
	}
	return sum
}

// checkStill sees that neither the programs nor the server use the processor.
// It does not matter how long it looks: what waits uses nothing.
func checkStill(t *testing.T, s *harness.Server) {
	t.Helper()
	children, server := childrenCPU(s), harness.CPUTime(s.PID)
	began := time.Now()
	harness.Within(harness.Patience(t)/25, func() bool { return false })
	percent := func(d time.Duration) float64 { return 100 * d.Seconds() / time.Since(began).Seconds() }
	limit(t, "% of a processor for 20 programs that wait", percent(childrenCPU(s)-children), 0.5)
	limit(t, "% of a processor for a server whose clients do not read", percent(harness.CPUTime(s.PID)-server), 5)
}
