package docs

import (
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"websocketd/test/harness"
)

// The programs of doc/library.md are built with the go.mod that stands there, serve, and
// end when they are interrupted; so do those of doc/hub.md and doc/mcp.md. Those of doc/clients.md are their
// clients.
func TestLibrary(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	ports := map[string]int{"main": harness.FreePort(t), "sessions": harness.FreePort(t), "calls": harness.FreePort(t), "tools": harness.FreePort(t), "hub": harness.FreePort(t), "follow": 0, "count": 0}
	for _, b := range slices.Concat(read(t, "doc/library.md").blocks, read(t, "doc/clients.md").blocks, read(t, "doc/hub.md").blocks, read(t, "doc/mcp.md").blocks) {
		name := strings.TrimSuffix(b.file(), ".go")
		switch port, isProgram := ports[name]; {
		case isProgram:
			text := strings.ReplaceAll(b.text(), "localhost:8080", "127.0.0.1:"+itoa(port))
			text = strings.ReplaceAll(text, "StartAsync(8080)", "StartAsync("+itoa(port)+")")
			put(t, filepath.Join(dir, name, "main.go"), text)
		case strings.HasPrefix(b.lines[0], "module "):
			put(t, filepath.Join(dir, "go.mod"), strings.Replace(b.text(), "../websocketd", harness.RootDir(), 1))
		}
	}
	sums, err := os.ReadFile(filepath.Join(harness.RootDir(), "go.sum"))
	if err != nil {
		t.Fatal(err)
	}
	put(t, filepath.Join(dir, "go.sum"), string(sums))
	put(t, filepath.Join(dir, "public", "index.html"), "a page")
	programs := t.TempDir()
	build := exec.Command("go", "build", "-mod=mod", "-o", programs+"/", "./...")
	build.Dir = dir
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("doc/library.md: %v\n%s", err, out)
	}
	start := func(name string) *harness.Server {
		return harness.Options{Bin: filepath.Join(programs, name), Bare: true, Port: ports[name], Dir: dir}.Start(t)
	}
	embeds(t, start("main"))
	keeps(t, start("sessions"))
	calls(t, start("calls"))
	publishes(t, start("hub"))
	put(t, filepath.Join(dir, "words.py"), "#!/bin/sh\nread -r line; echo '{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"protocolVersion\":\"2025-06-18\"}}'; cat\n")
	answersTools(t, start("tools"))
	follows(t, filepath.Join(programs, "follow"))
	counts(t, filepath.Join(programs, "count"))
}

// counts looks at the client that calls a program by its name: its output, and what it returns.
func counts(t *testing.T, program string) {
	t.Helper()
	s := harness.Start(t, harness.Binary(t), "--pow", "--dir="+harness.Scripts(t, map[string]string{"count": `wc -w; exit "${1:-0}"`}))
	for parameter, want := range map[string]string{"0": "2\nnull\n", "4": "it has failed: process returned error: exit status 4\n"} {
		cmd := exec.CommandContext(harness.Context(t), program, "ws://"+s.Addr, parameter)
		cmd.Stdin = strings.NewReader("one two")
		out, err := cmd.CombinedOutput()
		if text := string(out); (err == nil) != (parameter == "0") || !strings.HasPrefix(text, "2\n") || !strings.HasSuffix(text, want) {
			t.Errorf("%s: %q, %v", parameter, out, err)
		}
	}
}

// follows looks at the client: it says hello to a program, whose output and end it prints.
func follows(t *testing.T, program string) {
	t.Helper()
	s := harness.Start(t, harness.Binary(t), "--shared", "sh", "-c", "read line; echo \"got $line\"; exit 3")
	cmd := exec.CommandContext(harness.Context(t), program, "ws://"+s.Addr+"/")
	out, err := cmd.CombinedOutput()
	if text := string(out); err != nil || !strings.HasPrefix(text, "got hello\n") || !strings.HasSuffix(text, "exit status 3\n") {
		t.Errorf("%q, %v", out, err)
	}
}

// publishes looks at the hub: it has the time for a subscriber, and for one without a WebSocket.
func publishes(t *testing.T, s *harness.Server) {
	t.Helper()
	var m struct {
		Type, Data string
		Pending    []struct{ Data string }
	}
	harness.Until(t, "something is kept", func() bool {
		c := s.Ask(t, harness.Get("/channels/process:clock?after=none:0"))
		return json.Unmarshal([]byte(c.Body), &m) == nil && len(m.Pending) > 0
	})
	c := s.Open(t, harness.Handshake("/ws"))
	c.Text(`{"type":"subscribe","data":"process:clock"}`)
	line, err := c.Receive()
	if err != nil || json.Unmarshal(line.Data, &m) != nil || m.Type != "process_output" || len(m.Data) != len(m.Pending[0].Data) {
		t.Errorf("%s, %v, and %+v", line.Data, err, m)
	}
	s.Signal(t, syscall.SIGTERM)
	c.Ends(t, 1001, "")
}

// embeds looks at the first program.
func embeds(t *testing.T, s *harness.Server) {
	t.Helper()
	c := s.Ask(t, harness.Handshake("/env"))
	if c.Status() != http.StatusSwitchingProtocols {
		t.Fatalf("status %d: %s", c.Status(), c.Body)
	}
	if lines := c.Ends(t, 1000, "exit status 0"); !strings.Contains(strings.Join(lines, "\n"), "REMOTE_ADDR=127.0.0.1") {
		t.Errorf("env prints %q", lines)
	}
	s.Signal(t, syscall.SIGINT)
	wellEnded(t, s)
}

// answersTools looks at the MCP server.
func answersTools(t *testing.T, s *harness.Server) {
	t.Helper()
	c := s.Ask(t, harness.Post("/words", `{"jsonrpc":"2.0","id":"mine","method":"initialize"}`).Add("Content-Type", "application/json"))
	if c.Status() != http.StatusOK || c.Header("Mcp-Session-Id") == "" || !strings.Contains(c.Body, `"id":"mine","result"`) {
		t.Errorf("%d %s", c.Status(), c.Body)
	}
	s.Signal(t, syscall.SIGINT)
	wellEnded(t, s)
}

// keeps looks at that with sessions.
func keeps(t *testing.T, s *harness.Server) {
	t.Helper()
	page := s.Ask(t, harness.Get("/"))
	cookie, _, _ := strings.Cut(page.Header("Set-Cookie"), ";")
	if page.Status() != http.StatusOK || !strings.HasPrefix(cookie, "websocketd-") {
		t.Fatalf("status %d, cookie %q", page.Status(), cookie)
	}
	c := s.Open(t, harness.Handshake("/").Add("Cookie", cookie))
	c.Echo(t, "hello")
	s.Err.Await(t, "session 1 has a viewer from 127.0.0.1")
	s.Signal(t, syscall.SIGINT)
	c.Expect(t, "the server stops")
	c.Rest(t)
	wellEnded(t, s)
}

// calls looks at that with a function.
func calls(t *testing.T, s *harness.Server) {
	t.Helper()
	c := s.Open(t, harness.Handshake("/pow/").Add("Sec-WebSocket-Protocol", "pow-1"))
	c.Binary([]byte(`{"call":"sum"}`))
	c.Text("1\n2\n")
	c.Binary([]byte(`{"signal":"close"}`))
	got := strings.Join(c.Ends(t, 1000, ""), "")
	if want := "so far: 1\nso far: 3\n" + `{"status":"fulfilled","value":3}`; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if c := s.Ask(t, harness.Post("/pow/new", `{"call":"date"}`)); c.Status() != http.StatusOK {
		t.Errorf("%d %s", c.Status(), c.Body)
	}
	s.Signal(t, syscall.SIGINT)
	wellEnded(t, s)
}

// wellEnded waits for a program, whose exit status must be 0.
func wellEnded(t *testing.T, s *harness.Server) {
	t.Helper()
	if status := s.Wait(t); status != 0 {
		t.Errorf("%s: exit status %d", s.Exe, status)
	}
}
