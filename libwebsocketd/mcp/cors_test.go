package mcp

import (
	"strings"
	"testing"
)

// TestAllowedHeaders: a page is told what it may always send, and the parameters it asks for; a list of
// thousands is not copied for each of them.
func TestAllowedHeaders(t *testing.T) {
	if got := allowedHeaders([]string{"x-other, mcp-param-a", "Mcp-Param-,MCP-PARAM-B,Mcp-Param-(c)"}); got != pageHeaders+", mcp-param-a, MCP-PARAM-B" {
		t.Errorf("%q", got)
	}
	many := []string{strings.Repeat("mcp-param-a,", 2000)}
	if n := testing.AllocsPerRun(1, func() { allowedHeaders(many) }); n > 50 {
		t.Errorf("%v allocations", n)
	}
}
