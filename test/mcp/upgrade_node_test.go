package mcp

import (
	"encoding/json"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"websocketd/test/harness"
)

// Both generations of npm's client go on calling through three upgrades, with the same process, and see
// nothing of them but connections that are closed.
func TestUpgradeNodeClients(t *testing.T) {
	t.Parallel()
	harness.Need(t, "node22:mcp")
	for _, test := range []struct{ generation, era string }{{"1", legacy}, {"2", legacy}, {"2", modern}} {
		t.Run(test.generation+" "+test.era, func(t *testing.T) {
			t.Parallel()
			s := harness.Start(t, harness.Binary(t), "--mcp", sdkServer(t))
			cmd := exec.CommandContext(harness.Context(t), harness.Node22(t), filepath.Join(harness.MCPDir(), "upgrade.mjs"), "http://"+s.Addr+"/", test.generation, test.era)
			stderr, out := &harness.Lines{}, &strings.Builder{}
			cmd.Stdout, cmd.Stderr = out, stderr
			stdin, err := cmd.StdinPipe()
			if err == nil {
				err = cmd.Start()
			}
			if err != nil {
				t.Fatal(err)
			}
			stderr.Await(t, "calling")
			for i := range 3 {
				replace(t, s, i)
			}
			stdin.Close()
			err = cmd.Wait()
			var seen struct {
				Calls int
				Wrong []string
			}
			json.Unmarshal([]byte(out.String()), &seen)
			if err != nil || seen.Calls == 0 || len(seen.Wrong) > 0 {
				t.Errorf("%v: %+v\n%s", err, seen, stderr)
			}
			if started := s.Out.With("START"); len(started) != 1 {
				t.Errorf("%d processes: %s", len(started), started)
			}
		})
	}
}
