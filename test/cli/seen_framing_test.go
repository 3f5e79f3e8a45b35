package cli

import (
	"fmt"
	"strings"
	"testing"

	"websocketd/test/harness"
)

// presetSeen: only mcp has a subprotocol, and only lsp does without a newline
// behind what has a header already.
func presetSeen(t *testing.T, o harness.Options) string {
	c := with(o, "cat").Start(t).Open(t, harness.Handshake("/").Add("Sec-WebSocket-Protocol", "mcp"))
	if c.Header("Sec-WebSocket-Protocol") == "mcp" {
		return "mcp"
	}
	c.Text("Content-Length: 1\r\n\r\n1")
	m, err := c.Receive()
	switch {
	case err != nil:
		t.Fatal(err)
	case string(m.Data) == "1":
		return "lsp"
	}
	return "none"
}

func framingSeen(t *testing.T, o harness.Options) string {
	got, _ := with(o, "sh", "-c", `printf 'a\000b\n'`).Start(t).Connect(t).Rest(t)
	switch all := strings.Join(got, "|"); all {
	case "a\x00b":
		return "line"
	case "a|b\n":
		return "null"
	case "a\x00b\n":
		return "raw"
	default:
		return fmt.Sprintf("%q", all)
	}
}

func newlinesSeen(t *testing.T, o harness.Options) string {
	c := with(o, "cat").Start(t).Connect(t)
	c.Text("a\nb")
	m, err := c.Receive()
	switch {
	case err != nil:
		return map[bool]string{true: "reject"}[strings.Contains(err.Error(), "1008")]
	case string(m.Data) == `a\nb`:
		return "escape"
	}
	return "pass"
}
