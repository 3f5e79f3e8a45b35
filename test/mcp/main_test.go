// Package mcp holds the tests of MCP servers behind the server: other people's clients, the
// conformance suite of the protocol, and clients that count.
package mcp

import (
	"os"
	"sync"
	"testing"

	"websocketd/test/harness"
)

func TestMain(m *testing.M) { harness.Main(m) }

// buildDir returns the directory for what these tests build.
var buildDir = sync.OnceValue(func() string {
	dir, err := os.MkdirTemp("", "websocketd-mcp-")
	if err != nil {
		panic(err)
	}
	harness.AtExit(func() { os.RemoveAll(dir) })
	return dir
})
