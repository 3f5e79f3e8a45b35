package guards

import (
	"testing"

	"websocketd/test/harness"
)

// What comes back through a program costs a read of its answer, and none in vain. The
// message itself is received by another call; the poller reads when it is woken.
func TestReadsPerEcho(t *testing.T) {
	t.Parallel()
	const messages = 5000
	s := start(t, "/bin/cat")
	c := s.Connect(t)
	c.Echo(t, "up")
	before := harness.ReadCalls(t, s.PID)
	for range messages {
		c.Echo(t, "there and back")
	}
	calls := harness.ReadCalls(t, s.PID) - before
	limit(t, "read calls for an echo", float64(calls)/messages, 1.5)
}
