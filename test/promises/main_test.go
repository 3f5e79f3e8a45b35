// Package promises shows through the real binary what websocketd promises:
// nothing is lost, nothing is invented, nothing is left behind, memory is
// bounded, endings are told, and the defaults are safe. Each file is one
// promise.
package promises

import (
	"testing"

	"websocketd/test/harness"
)

func TestMain(m *testing.M) { harness.Main(m) }

// start runs our binary with flags and a command.
func start(t *testing.T, args ...string) *harness.Server {
	t.Helper()
	return harness.Start(t, harness.Binary(t), args...)
}

// startPlain runs our binary without the race detector, for measurements.
func startPlain(t *testing.T, args ...string) *harness.Server {
	t.Helper()
	return harness.Start(t, harness.PlainBinary(t), args...)
}

// stubborn is a program that no signal but KILL ends.
var stubborn = []string{"perl", "-e",
	`$SIG{$_} = "IGNORE" for qw(INT TERM HUP); $| = 1; print "up\n"; sleep 100 while 1`}
