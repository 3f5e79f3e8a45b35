package mcp

import (
	"os/exec"
	"path/filepath"
	"testing"

	"websocketd/test/harness"
)

// requirements are a frozen set of scenarios of a revision.
type requirements struct {
	revision, era string
	scenarios     int // that are run, scored or not
}

var revisions = []requirements{
	{"2025-11-25", legacy, 33},
	{"2026-07-28", modern, 50},
}

// Both sets of requirements have the verdict that the Go SDK's server has with its own HTTP.
func TestConformance(t *testing.T) {
	t.Parallel()
	harness.Need(t, "node22:mcp")
	for _, r := range revisions {
		t.Run(r.revision, func(t *testing.T) {
			t.Parallel()
			own := r.judge(t, ownHTTP(t, harness.EverythingServer(t), r.era).url)
			if len(own) != r.scenarios {
				t.Errorf("%d scenarios, want %d", len(own), r.scenarios)
			}
			ours := r.judge(t, through(t, []string{harness.EverythingServer(t)}).url)
			for _, difference := range ours.worse(own) {
				t.Error(difference)
			}
			harness.Measured(t, "requirements %s: %s through our binary; %s with the HTTP of the Go SDK", r.revision, ours.count(), own.count())
		})
	}
}

// judge has the suite run against a server, which must conform.
func (r requirements) judge(t *testing.T, url string) verdict {
	t.Helper()
	dir := t.TempDir()
	suite := filepath.Join(harness.MCPDir(), "node_modules", "@modelcontextprotocol", "conformance", "dist", "index.js")
	cmd := exec.CommandContext(harness.Context(t), harness.Node22(t), suite, "server", "--url", url, "--requirements", r.revision, "-o", dir)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%s does not conform to %s: %v\n%s", url, r.revision, err, out)
	}
	return readVerdict(t, dir)
}
