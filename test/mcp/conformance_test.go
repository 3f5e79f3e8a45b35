package mcp

import (
	"encoding/json"
	"fmt"
	"os"
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
			if len(own.scenarios) != r.scenarios {
				t.Errorf("%d scenarios, want %d", len(own.scenarios), r.scenarios)
			}
			harness.Measured(t, "requirements %s: %s with the HTTP of the Go SDK", r.revision, own.count())
		})
	}
}

// check is one thing that the suite has looked at.
type check struct {
	ID, Name     string
	Status       string // SUCCESS, WARNING, FAILURE, SKIPPED; INFO says nothing of the server
	ErrorMessage string
}

// verdict is what the suite says of a server.
type verdict struct {
	scenarios map[string][]check
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

// timestamp is what follows the name of a scenario in that of its directory.
const timestamp = "-2006-01-02T15-04-05-000Z"

func readVerdict(t *testing.T, dir string) verdict {
	t.Helper()
	v := verdict{map[string][]check{}}
	files, _ := filepath.Glob(filepath.Join(dir, "server-*", "checks.json"))
	for _, file := range files {
		scenario := filepath.Base(filepath.Dir(file))
		scenario = scenario[len("server-") : len(scenario)-len(timestamp)]
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var all []check
		if err := json.Unmarshal(text, &all); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		v.scenarios[scenario] = all
	}
	return v
}

// count says how many checks have succeeded, as the suite's last line does.
func (v verdict) count() string {
	passed, failed := 0, 0
	for _, all := range v.scenarios {
		for _, c := range all {
			switch c.Status {
			case "SUCCESS":
				passed++
			case "FAILURE":
				failed++
			}
		}
	}
	return fmt.Sprintf("%d checks passed, %d failed, in %d scenarios", passed, failed, len(v.scenarios))
}
