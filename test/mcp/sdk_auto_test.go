package mcp

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"websocketd/test/harness"
)

// A client that speaks both eras finds the one that the program speaks: it first asks as the
// newer one does.
func TestEraIsFound(t *testing.T) {
	t.Parallel()
	harness.Need(t, "node22:mcp", "node:servers")
	everything := filepath.Join(harness.ServersDir(), "node_modules", ".bin", "mcp-server-everything")
	for _, test := range []struct{ name, program, arguments, want string }{
		{"a program of both eras", sdkServer(t), `{"text": "x"}`, "2026-07-28 x"},
		{"an older program", everything, `{"message": "x"}`, "2025-11-25 Echo: x"},
		{"an older program that ends", strict(t, everything), `{"message": "x"}`, "2025-11-25 Echo: x"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			url := through(t, []string{test.program}).url
			cmd := exec.CommandContext(harness.Context(t), harness.Node22(t), filepath.Join(harness.MCPDir(), "auto.mjs"), url, test.arguments)
			stderr := &harness.Lines{}
			cmd.Stderr = stderr
			if out, err := cmd.Output(); string(out) != test.want {
				t.Errorf("npm's client: %q, %v\n%s", out, err, stderr)
			}
			client := newGoClient(t, url, modern, true)
			answer, err := client.CallTool(client.ctx, &mcp.CallToolParams{Name: "echo", Arguments: json.RawMessage(test.arguments)})
			if err != nil {
				t.Fatal(err)
			}
			if got := client.InitializeResult().ProtocolVersion + " " + textOf(answer); got != test.want {
				t.Errorf("the Go SDK's client: %q", got)
			}
		})
	}
}

// strict returns a program that ends when the first it is told is not initialize.
func strict(t *testing.T, program string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "strict.sh")
	script := `#!/bin/sh
read -r first
case $first in
*'"initialize"'*) ;;
*) exit 1 ;;
esac
{ printf '%s\n' "$first"; exec cat; } | ` + program + "\n"
	if err := os.WriteFile(path, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}
