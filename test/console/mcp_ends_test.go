package console

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"websocketd/test/harness"
)

// scripted serves the MCP server of test/child, whose tools do what a test asks.
func scripted(t *testing.T, flags ...string) *harness.Server {
	t.Helper()
	return harness.Start(t, harness.Binary(t), append(flags, "--devconsole", "--mcp", harness.Child(t), "mcp")...)
}

// useHidden calls a tool that is not listed.
func (p *page) useHidden(name, arguments string) {
	p.t.Helper()
	eval[any](p, fmt.Sprintf(`showTool({ name: %q, inputSchema: { additionalProperties: true } })`, name))
	p.do(chromedp.Focus("#toolform textarea", chromedp.ByQuery))
	p.keys(arguments + "\r")
}

// testCancel: a call that is given up is cancelled, in each era; the progress before is shown.
func testCancel(t *testing.T, browser context.Context, _ *harness.Server) {
	for _, era := range []string{"2026-07-28", "2025-11-25"} {
		p := openTools(t, browser, scripted(t), era)
		p.useHidden("hang", `{"n": 2}`)
		p.until(`$("outcome").textContent === "2 of 2" && document.querySelector("#outcome progress").value === 2`)
		p.keys("\t")
		p.until(`document.activeElement.textContent === "Cancel"`)
		p.keys("\r")
		p.until(`tools.running === null && $("outcome").textContent === "You have cancelled it." && document.activeElement.textContent === "Call"`)
		p.useHidden("parked", "{}")
		p.until(`tools.running === null`)
		want := map[string]string{"2026-07-28": `{"payload":1}`, "2025-11-25": `{"payload":0}`}[era] // a subscription is open
		p.awaitRow("onmessage", `"structuredContent":`+want)
	}
}

// testExact: numbers come and go as they are written.
func testExact(t *testing.T, browser context.Context, _ *harness.Server) {
	p := openTools(t, browser, scripted(t), "2026-07-28")
	if got := p.useTool("shaped", map[string]string{"payload": `{"big": 9007199254740993, "e": 1.10}`, "region": "=?base64?x?=", "count": "7", "dry": "true", "deep": `{"zone": " b "}`}); got != "Result:" {
		t.Errorf("outcome: %q", got)
	}
	p.awaitRow("onmessage", `{"payload":{"big": 9007199254740993, "e": 1.10}}`)
	p.until(`$("outcome").textContent.includes("9007199254740993")`)
	p.send(`{"jsonrpc": "2.0", "id": 9007199254740993, "method": "ping", "params": {"_meta": {"io.modelcontextprotocol/protocolVersion": "2026-07-28", "io.modelcontextprotocol/clientCapabilities": {}}}}`)
	p.awaitRow("onmessage", `{"jsonrpc":"2.0","id":9007199254740993,"result"`)
	p.send(`{"not": "JSON"`)
	p.awaitRow("exception", "SyntaxError")
	harness.Need(t, "curl")
	command := eval[string](p, `rows.list.find(row => row.kind === "send" && row.text.includes('"name":"shaped"')).command`)
	out, err := exec.CommandContext(harness.Context(t), "sh", "-c", command).Output()
	if err != nil || !strings.Contains(string(out), `"structuredContent":{"payload":{"big": 9007199254740993, "e": 1.10}}`) {
		t.Errorf("%s: %v: %s", command, err, out)
	}
	asked := openTools(t, browser, scripted(t), "2025-11-25")
	asked.useHidden("say", `{"before": ["{\"jsonrpc\":\"2.0\",\"params\":{\"id\":[1]},\"id\":9007199254740993,\"method\":\"ping\"}"]}`)
	asked.awaitRow("send", `{"jsonrpc":"2.0","id":9007199254740993,"result":{}}`)
}

// testSessionEnds: the page says so when the process of its session ends, and starts another
// session when it is asked to.
func testSessionEnds(t *testing.T, browser context.Context, _ *harness.Server) {
	p := openTools(t, browser, scripted(t), "2025-11-25")
	p.useHidden("crash", `{"n": 3}`)
	p.until(`$("outcome").textContent.includes("status 3")`)
	p.awaitRow("onclose", "the server has ended the session")
	p.until(`$("mcp").hidden && $("status").textContent.startsWith("not connected")`)
	p.focus("url")
	p.keys("\r")
	p.until(`!$("mcp").hidden && $("status").textContent.startsWith("connected")`)

	again := openTools(t, browser, scripted(t), "2026-07-28")
	again.useHidden("crash", `{"n": 3}`)
	again.until(`$("outcome").textContent.includes("status 3")`)
	again.useHidden("echo", "{}")
	again.until(`tools.running === null && $("outcome").textContent.startsWith("Result:")`)
}

// testToolsToken: the token of the page is shown to the MCP server's guard as well.
func testToolsToken(t *testing.T, browser context.Context, _ *harness.Server) {
	const secret = "token-of-ada-0123456789"
	file := filepath.Join(t.TempDir(), "tokens")
	harness.WriteFile(t, file, "ada:"+secret+"\n", 0o600)
	s := scripted(t, "--tokenfile="+file)
	p := openPage(t, browser, s.Addr, "/")
	p.until(`document.activeElement === $("token")`)
	p.keys(secret + "\r")
	p.until(`programs?.length === 1 && !$("era").hidden`)
	p.focus("url")
	p.keys("\r")
	p.until(`$("toolitems").children.length === 2`)
	if text := eval[string](p, `JSON.stringify(rows.list)`); strings.Contains(text, secret) || !strings.Contains(text, "Authorization: Bearer TOKEN") {
		t.Errorf("the rows have the token, or no place for it: %s", text)
	}
}

// testRefusedTools: the page says in the server's words why it is not let in, and what is wrong
// with a server that speaks no MCP.
func testRefusedTools(t *testing.T, browser context.Context, _ *harness.Server) {
	for era, says := range map[string]string{"": "status 7", "2026-07-28": "status 7", "2025-11-25": "status 7"} {
		s := harness.Start(t, harness.Binary(t), "--devconsole", "--mcp", "sh", "-c", "echo no such package >&2; exit 7")
		p := openPage(t, browser, s.Addr, "/")
		p.until(`programs?.length === 1 && !$("era").hidden`)
		p.choose("era", era)
		p.focus("url")
		p.keys("\r")
		p.awaitRow("onclose", says)
		p.awaitRow("stderr", "no such package")
	}
}

// testToolsCut: a call whose stream is cut again and again goes on where it was, in a session:
// each notification of progress is shown once, then the answer.
func testToolsCut(t *testing.T, browser context.Context, _ *harness.Server) {
	const notes, cuts = 100, 5
	s := scripted(t)
	proxy := harness.NewProxy(t, s.Addr)
	p := openPage(t, browser, proxy.Addr, "/")
	p.until(`programs?.length === 1 && !$("era").hidden`)
	p.choose("era", "2025-11-25")
	p.focus("url")
	p.keys("\r")
	p.until(`$("toolitems").children.length > 0`)
	p.useHidden("progress", fmt.Sprintf(`{"n": %d, "pause": 100, "payload": "at last"}`, notes))
	const seen = `rows.list.filter(row => row.text.includes("notifications/progress"))`
	for i := range cuts {
		p.until(fmt.Sprintf(`tools.running === null || `+seen+`.length >= %d`, (i+1)*10))
		proxy.After(0, harness.Reset)
		harness.Reaches(t, "cuts", i+1, proxy.Struck)
	}
	p.until(`tools.running === null && $("outcome").textContent.includes("at last")`)
	if got := eval[string](p, seen+`.map(row => JSON.parse(row.text).params.progress).join(" ")`); got != numbers(notes) {
		t.Errorf("progress: %s", got)
	}
}

// numbers returns 1 2 3 and so on.
func numbers(n int) string {
	var all []string
	for i := range n {
		all = append(all, fmt.Sprint(i+1))
	}
	return strings.Join(all, " ")
}

// testOldServer: a server that knows sessions only is talked with as it likes.
func testOldServer(t *testing.T, browser context.Context, _ *harness.Server) {
	s := harness.Start(t, harness.Binary(t), "--devconsole", "--mcp", "sh", "-c", `while read -r line; do
		id=$(printf %s "$line" | sed 's/.*"id":\([0-9]*\).*/\1/')
		case $line in
		*'"initialize"'*) printf '{"jsonrpc":"2.0","id":%s,"result":{"protocolVersion":"2025-06-18","capabilities":{"tools":{}},"serverInfo":{"name":"old","version":"1"}}}\n' "$id" ;;
		*'"tools/list"'*) printf '{"jsonrpc":"2.0","id":%s,"result":{"tools":[{"name":"one","inputSchema":{"type":"object"}}]}}\n' "$id" ;;
		*notifications*) ;;
		*) printf '{"jsonrpc":"2.0","id":%s,"error":{"code":-32601,"message":"what?"}}\n' "$id" ;;
		esac
	done`)
	p := openTools(t, browser, s, "")
	if got := eval[string](p, `$("servername").textContent + ", " + $("serverwords").textContent`); got != "old 1, 1 tool · MCP 2025-06-18, with a session" {
		t.Errorf("it says %q", got)
	}
	if got := p.useTool("one", nil); got != "-32601 what?" {
		t.Errorf("outcome: %q", got)
	}
}

// testGreeted: with --shared the clients of a server of the older era have one process and no
// session.
func testGreeted(t *testing.T, browser context.Context, _ *harness.Server) {
	s := scripted(t, "--shared")
	for range 2 {
		p := openTools(t, browser, s, "2025-11-25")
		if got := eval[string](p, `$("serverwords").textContent`); got != "2 tools · MCP 2025-11-25, without a session" {
			t.Errorf("it says %q", got)
		}
		p.useHidden("echo", `{"payload": 1}`)
		p.until(`tools.running === null && $("outcome").textContent.startsWith("Result:")`)
	}
	if n := len(s.Children()); n != 1 {
		t.Errorf("%d processes", n)
	}
}
