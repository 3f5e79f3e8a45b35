// Package mcp holds the tests of MCP servers behind the server: other people's clients, the
// conformance suite of the protocol, and clients that count.
package mcp

import (
	"testing"

	"websocketd/test/harness"
)

func TestMain(m *testing.M) { harness.Main(m) }
