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

// A process works that acknowledges a subscription or tells its progress: it is not ended because
// it has answered nothing yet.
func TestNotMute(t *testing.T) {
	t.Parallel()
	for method, first := range map[string]string{
		"subscriptions/listen": `"notifications/subscriptions/acknowledged","params":{"_meta":{"io.modelcontextprotocol/subscriptionId":1}}`,
		"prompts/get":          `"notifications/progress","params":{"progressToken":1,"progress":1}`,
	} {
		t.Run(method, func(t *testing.T) {
			t.Parallel()
			slow := `read -r request; echo '{"jsonrpc":"2.0","method":` + first + `}'; sleep 5; echo '{"jsonrpc":"2.0","id":1,"result":{"structuredContent":{"payload":"its own"}}}'; cat >/dev/null`
			p := modernPeer(t, harness.Start(t, harness.Binary(t), "--mcp", "--mcpstart=3s", "sh", "-c", slow))
			if got := p.send(p.request("1", method, `"name":"slow"`)).read().payload(t, "1"); got != `"its own"` {
				t.Errorf("it is answered with %s", got)
			}
		})
	}
}
