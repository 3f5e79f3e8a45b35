package cli

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"websocketd/test/harness"
)

// mcpServer is a shell's idea of an MCP server: every request has one and the same result.
const mcpServer = `while read -r line; do
	case $line in *'"id":'*) ;; *) continue ;; esac
	id=${line#*'"id":'}
	printf '{"jsonrpc":"2.0","id":%s,"result":{"protocolVersion":"2025-11-25","capabilities":{}}}\n' "${id%%[,\}]*}"
done`

// initialize is how a client opens up to 2025-11-25.
const initialize = `{"jsonrpc":"2.0","id":"one","method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"x","version":"1"}}}`

// toMCP is a POST of a message to a server over Streamable HTTP.
func toMCP(message string) harness.Request {
	return harness.Post("/", message).Add("Content-Type", "application/json").Add("Accept", "application/json, text/event-stream")
}

// modern is a request of 2026-07-28, which needs nothing before.
func modern() harness.Request {
	const meta = `"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}`
	return toMCP(`{"jsonrpc":"2.0","id":"two","method":"tools/list","params":{`+meta+`}}`).Add("MCP-Protocol-Version", "2026-07-28").Add("Mcp-Method", "tools/list")
}

// answersMCP is how a client of each era is answered.
func answersMCP(t *testing.T, o harness.Options) string {
	s := with(o, "sh", "-c", mcpServer).Start(t)
	var said []string
	if c := s.Ask(t, toMCP(initialize)); c.Status() == http.StatusOK && strings.Contains(c.Body, `"id":"one"`) && c.Header("Mcp-Session-Id") != "" {
		said = append(said, "session")
	}
	if c := s.Ask(t, modern()); c.Header("Content-Type") == "application/json" && strings.Contains(c.Body, `"id":"two"`) {
		said = append(said, "modern")
	}
	if len(said) == 0 {
		return "no MCP"
	}
	return strings.Join(said, ", ")
}

// waitsForServer is whether a client waits for the first answer of a server that says nothing.
func waitsForServer(t *testing.T, o harness.Options) string {
	o.Args = append([]string{"--mcp"}, o.Args...)
	s := with(o, "sh", "-c", "cat >/dev/null").Start(t)
	c := s.Dial(t)
	c.Send(t, modern().Add("Connection", "close").String())
	c.SetReadDeadline(time.Now().Add(2 * time.Second))
	if err := c.ReadResponse(); err != nil {
		return "waits"
	}
	if !strings.Contains(c.Body, "-32603") {
		return strconv.Itoa(c.Status()) + " " + c.Body
	}
	return "given up"
}
