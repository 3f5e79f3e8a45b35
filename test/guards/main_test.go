// Package guards holds the speed and the size of the server where throughput
// cannot be measured: by counts, which do not depend on how busy the machine is.
// What they stand for is measured by test/load.
package guards

import (
	"testing"

	"websocketd/test/harness"
)

func TestMain(m *testing.M) { harness.Main(m) }

// start runs our binary without the race detector, whose memory, threads and
// time would be counted.
func start(t *testing.T, args ...string) *harness.Server {
	t.Helper()
	return harness.Start(t, harness.PlainBinary(t), append([]string{"--loglevel=fatal"}, args...)...)
}

// limit prints what was counted, and fails if it is more than most.
func limit(t *testing.T, what string, counted, most float64) {
	t.Helper()
	harness.Measured(t, "%.4g %s, at most %g", counted, what, most)
	if counted > most {
		t.Errorf("%.4g %s, more than %g", counted, what, most)
	}
}
