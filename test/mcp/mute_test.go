package mcp

import (
	"sync"
	"testing"
	"time"

	"websocketd/test/harness"
)

// TestMuteServer: those who wait at once for a process that answers nothing are told when its
// time is over. They do not wait for one process after the other.
func TestMuteServer(t *testing.T) {
	t.Parallel()
	const patience = 2 * time.Second
	ask := func(s *harness.Server, modern bool) (*answer, error) {
		if modern {
			p := modernPeer(t, s)
			return p.ask(p.tool("1", "echo", ""))
		}
		p := &peer{t: t, http: harness.HTTPClient(t), url: "http://" + s.Addr + "/", version: legacyVersion}
		return p.ask(p.request("1", "initialize", `"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"t","version":"1"}`))
	}
	for _, modern := range []bool{true, false} {
		s := harness.Start(t, harness.Binary(t), "--mcp", "--shared", "--mcpstart="+patience.String(), "--linger=100ms", harness.Child(t), "mcp", "-mute")
		start := time.Now()
		var all sync.WaitGroup
		for range 10 {
			all.Go(func() {
				c := &openCall{id: "1"}
				c.answer, c.err = ask(s, modern)
				c.told(t, "--mcpstart")
			})
		}
		all.Wait()
		if took := time.Since(start); took > 5*patience {
			t.Errorf("modern %v: ten clients of a mute process were told after %v", modern, took)
		}
		harness.NoSurvivors(t, s)
	}
}
