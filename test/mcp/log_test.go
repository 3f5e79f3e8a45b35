package mcp

import (
	"strings"
	"syscall"
	"testing"

	"websocketd/test/harness"
)

// TestSessionInLog: the log has one line of the end of each session, whatever has ended it, with
// what it was asked.
func TestSessionInLog(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		args []string
		end  func(*harness.Server, *peer)
		want []string
	}{
		"its client":  {nil, func(_ *harness.Server, p *peer) { p.send(p.bare("DELETE", "")).read() }, []string{"why:'deleted'", "calls:'2'"}},
		"its time":    {[]string{"--resume=1ms"}, func(*harness.Server, *peer) {}, []string{"why:'no client for 1ms'", "calls:'1'"}},
		"its process": {nil, func(_ *harness.Server, p *peer) { p.ask(p.tool("9", "crash", `"n":42`)) }, []string{"ending:'exit status 42'", "calls:'3'"}},
		"the server":  {nil, func(s *harness.Server, _ *peer) { s.Signal(t, syscall.SIGTERM); s.Wait(t) }, []string{"calls:'2'"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := scripted(t, test.args...)
			p := &peer{t: t, http: harness.HTTPClient(t), url: "http://" + s.Addr + "/", version: legacyVersion}
			if test.args == nil {
				p.initialize()
				p.number("pid")
			} else if _, err := p.ask(p.request("0", "initialize", `"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"t","version":"1"}`)); err != nil {
				t.Fatal(err) // and a second call may be too late
			}
			test.end(s, p)
			s.Out.Await(t, "session:'1'", "| END")
			harness.NoSurvivors(t, s)
			lines := s.Out.With("session:'1'", "ending:")
			if len(lines) != 1 {
				t.Fatalf("%q", lines)
			}
			for _, want := range append(test.want, "notifications:'") {
				if !strings.Contains(lines[0], want) {
					t.Errorf("without %s: %s", want, lines[0])
				}
			}
		})
	}
}
