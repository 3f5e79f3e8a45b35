package mcp

import (
	"testing"

	"websocketd/test/harness"
)

// A process that reads nothing and ends whenever it is started tells every call how. None waits
// until a later one takes it.
func TestCrashLoop(t *testing.T) {
	t.Parallel()
	s := harness.Start(t, harness.Binary(t), "--mcp", "sh", "-c", "exec <&-; echo usage; sleep 0.2; exit 8")
	restarts := func() int { return len(s.Out.With("RESTARTED")) }
	p := modernPeer(t, s)
	for i := range 6 {
		ask := p.tool("1", "echo", "")
		if i%2 == 0 {
			ask = p.request("1", "tools/list", "")
		}
		before := restarts()
		c := &openCall{id: "1", answer: p.send(ask).read()}
		c.told(t, "8")
		if n := restarts() - before; n > 2 {
			t.Errorf("%d processes have ended before call %d was told", n, i)
		}
	}
}
