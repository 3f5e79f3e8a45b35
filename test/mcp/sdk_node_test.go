package mcp

import (
	"encoding/json"
	"os/exec"
	"path/filepath"
	"testing"

	"websocketd/test/harness"
)

// conversation is what a client has seen of sdkserver.
type conversation struct {
	Version   string    `json:"version"`
	Tools     []string  `json:"tools"`
	Echoes    int       `json:"echoes"` // of 100 at once that were each its own
	Session   bool      `json:"session"`
	Model     string    `json:"model"`
	User      string    `json:"user"`
	Updated   string    `json:"updated"`  // the resource it was told has changed
	Progress  []float64 `json:"progress"` // of a call, with no other stream
	Cancelled bool      `json:"cancelled"`
	After     string    `json:"after"` // the answer after that
}

// whole is a conversation in which nothing was lost.
func whole(era string, isWebSocket bool) string {
	c := conversation{Session: !isWebSocket, Version: "2025-11-25", Tools: []string{"ask_model", "ask_user", "echo", "steps", "touch", "wait"},
		Echoes: 100, Model: "the model says forty-two", User: "the user says accept, Zoë", Updated: "note://1",
		Progress: []float64{1, 2, 3}, Cancelled: true, After: "after"}
	switch era {
	case modern:
		c.Session, c.Version = false, "2026-07-28"
	case shared:
		c = conversation{Version: c.Version, Tools: c.Tools, Echoes: c.Echoes, Progress: c.Progress}
	}
	return c.String()
}

func (c conversation) String() string {
	out, _ := json.Marshal(c)
	return string(out)
}

// Both generations of npm's client have all they ask for.
func TestNodeClients(t *testing.T) {
	t.Parallel()
	harness.Need(t, "node22:mcp")
	for _, test := range []struct{ generation, era string }{{"1", legacy}, {"2", legacy}, {"2", modern}} {
		t.Run(test.generation+" "+test.era, func(t *testing.T) {
			t.Parallel()
			everyWay(t, test.era, func(t *testing.T, s served) {
				nodeClient(t, s, test.generation, test.era)
				s.checkProcesses(t, test.era)
			})
		})
	}
}

// nodeClient has a client of a generation talk, which must not miss anything.
func nodeClient(t *testing.T, s served, generation, era string) {
	t.Helper()
	cmd := exec.CommandContext(harness.Context(t), harness.Node22(t), filepath.Join(harness.MCPDir(), "client.mjs"), s.url, generation, era)
	stderr := &harness.Lines{}
	cmd.Stderr = stderr
	out, err := cmd.Output()
	if err != nil {
		t.Errorf("%v\n%s%s", err, out, stderr)
		return
	}
	if got, want := string(out), whole(era, s.plain); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if era != shared {
		s.awaitCancelled(t, generation+" "+era)
	}
}

// A program that takes longer to start than a ping interval is waited for, also by a client that
// an interim response confuses.
func TestNodeClientAwaitsStart(t *testing.T) {
	t.Parallel()
	harness.Need(t, "node22:mcp")
	s := through(t, []string{"sh", "-c", `sleep 3; exec "$0"`, sdkServer(t)}, "--pingms=1000")
	nodeClient(t, s, "1", legacy)
}

// The same program is there for a client that speaks MCP over a WebSocket.
func TestNodeClientOverWebSocket(t *testing.T) {
	t.Parallel()
	harness.Need(t, "node22:mcp")
	s := harness.Start(t, harness.Binary(t), "--mcp", sdkServer(t))
	nodeClient(t, served{url: "ws://" + s.Addr + "/", stderr: s.Out, plain: true}, "1", legacy)
	harness.NoSurvivors(t, s)
}

// everyWay has a client talk with sdkserver over the SDK's own HTTP, and through our binary.
func everyWay(t *testing.T, era string, talk func(*testing.T, served)) {
	t.Helper()
	t.Run("the SDK's HTTP", func(t *testing.T) {
		t.Parallel()
		talk(t, ownHTTP(t, sdkServer(t), era))
	})
	t.Run("ours", func(t *testing.T) {
		t.Parallel()
		talk(t, through(t, []string{sdkServer(t)}))
	})
}
