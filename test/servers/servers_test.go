// Package servers puts programs that others wrote for stdin and stdout behind the
// server, and talks to them as a page would: an MCP server and a language server,
// both from npm.
package servers

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"websocketd/test/harness"
)

func TestMain(m *testing.M) { harness.Main(m) }

// call is a method and its parameters. To notify is not to wait for an answer.
type call struct {
	Method string `json:"method"`
	Params any    `json:"params,omitempty"`
	Notify bool   `json:"notify,omitempty"`
}

// job is what the client is asked to do; Close says that it ends the conversation.
type job struct {
	URL       string   `json:"url"`
	Protocols []string `json:"protocols,omitempty"`
	Indent    int      `json:"indent,omitempty"`
	Calls     []call   `json:"calls"`
	Close     bool     `json:"close"`
}

// result is what the client saw.
type result struct {
	Protocol string            `json:"protocol"`
	Answers  []json.RawMessage `json:"answers"`
	Notes    int               `json:"notes"`
	Code     int               `json:"code"`
	Reason   string            `json:"reason"`
	Error    string            `json:"error"`
}

type object = map[string]any

// program is one of those npm installed.
func program(name string) string {
	return filepath.Join(harness.ServersDir(), "node_modules", ".bin", name)
}

// serve starts a server in an empty directory.
func serve(t *testing.T, args ...string) (s *harness.Server, dir string) {
	t.Helper()
	harness.Need(t, "node", "node:servers")
	dir = t.TempDir()
	return harness.Options{Bin: harness.Binary(t), Dir: dir, Args: args}.Start(t), dir
}

// talk does a job and wants an answer to every call.
func talk(t *testing.T, s *harness.Server, j job) (r result) {
	t.Helper()
	j.URL = fmt.Sprintf("ws://localhost:%d/", s.Port)
	in, err := json.Marshal(j)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("node", filepath.Join(harness.ServersDir(), "rpc.js"))
	cmd.Stdin, cmd.Stderr = bytes.NewReader(in), os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(out, &r); err != nil {
		t.Fatalf("%v in %.200q", err, out)
	}
	want := 0
	for _, c := range j.Calls {
		if !c.Notify {
			want++
		}
	}
	if len(r.Answers) != want || r.Error != "" {
		t.Fatalf("%d of %d answers, closed with %d %q, %s: %.500s", len(r.Answers), want, r.Code, r.Reason, r.Error, r.Answers)
	}
	return r
}

const manyBytes = "ünïcödé € 𝄞 \u2028 <&> \"quotes\" \\ \n newline"

// An MCP server: its lines are messages, ours are on one line however they were
// written, and the end of the connection is its end.
func TestMCP(t *testing.T) {
	t.Parallel()
	s, _ := serve(t, "--preset=mcp", program("mcp-server-everything"))
	long := strings.Repeat("€ 𝄞 a ", 100000) // 1.1 MB
	echo := func(text string) call {
		return call{Method: "tools/call", Params: object{"name": "echo", "arguments": object{"message": text}}}
	}
	r := talk(t, s, job{Protocols: []string{"mcp"}, Indent: 2, Close: true, Calls: []call{
		{Method: "initialize", Params: object{"protocolVersion": "2025-06-18", "capabilities": object{}, "clientInfo": object{"name": "test", "version": "1"}}},
		{Method: "notifications/initialized", Notify: true},
		{Method: "tools/list"},
		echo(manyBytes),
		echo(long),
		{Method: "ping"},
	}})
	if r.Protocol != "mcp" || r.Code != 1000 {
		t.Errorf("the subprotocol %q, closed with %d %q", r.Protocol, r.Code, r.Reason)
	}
	if !bytes.Contains(r.Answers[0], []byte(`"serverInfo"`)) || !bytes.Contains(r.Answers[1], []byte(`"echo"`)) {
		t.Errorf("%.300s\n%.300s", r.Answers[0], r.Answers[1])
	}
	for i, want := range []string{manyBytes, long} {
		var answer struct{ Content []struct{ Text string } }
		if err := json.Unmarshal(r.Answers[2+i], &answer); err != nil || len(answer.Content) != 1 || answer.Content[0].Text != "Echo: "+want {
			t.Errorf("%v, %.300s", err, r.Answers[2+i])
		}
	}
	harness.NoSurvivors(t, s)
	s.Out.Await(t, "| stderr ", "Starting")
}

// A language server: bare JSON in and out, positions that count bytes right, a
// large answer, and the end it was asked for.
func TestLanguageServer(t *testing.T) {
	t.Parallel()
	s, dir := serve(t, "--preset=lsp", program("typescript-language-server"), "--stdio")
	const functions = 4000
	var source strings.Builder
	source.WriteString("/** Die Größe in €: 𝄞 */\nexport const größe = 1;\n")
	for i := range functions {
		fmt.Fprintf(&source, "export function straße%d(ä: number): number { return ä + größe; }\n", i)
	}
	file := "file://" + filepath.Join(dir, "a.ts")
	document := object{"uri": file}
	r := talk(t, s, job{Calls: []call{
		{Method: "initialize", Params: object{"processId": nil, "rootUri": "file://" + dir, "capabilities": object{
			"textDocument": object{"documentSymbol": object{"hierarchicalDocumentSymbolSupport": true}}},
			"initializationOptions": object{"tsserver": object{"path": filepath.Join(harness.ServersDir(), "node_modules", "typescript", "lib", "tsserver.js")}}}},
		{Method: "initialized", Params: object{}, Notify: true},
		{Method: "textDocument/didOpen", Notify: true, Params: object{"textDocument": object{
			"uri": file, "languageId": "typescript", "version": 1, "text": source.String()}}},
		{Method: "textDocument/hover", Params: object{"textDocument": document, "position": object{"line": 1, "character": 15}}},
		{Method: "textDocument/documentSymbol", Params: object{"textDocument": document}},
		{Method: "shutdown"},
		{Method: "exit", Notify: true},
	}})
	if r.Code != 1000 || r.Reason != "exit status 0" {
		t.Errorf("closed with %d %q", r.Code, r.Reason)
	}
	if !bytes.Contains(r.Answers[0], []byte(`"capabilities"`)) || !bytes.Contains(r.Answers[1], []byte("Die Größe in €: 𝄞")) {
		t.Errorf("%.300s\n%.300s", r.Answers[0], r.Answers[1])
	}
	var symbols []struct{ Name string }
	if err := json.Unmarshal(r.Answers[2], &symbols); err != nil || len(symbols) != functions+1 || len(r.Answers[2]) < 900000 {
		t.Errorf("%v, %d symbols in %d bytes", err, len(symbols), len(r.Answers[2]))
	}
	harness.NoSurvivors(t, s)
}
