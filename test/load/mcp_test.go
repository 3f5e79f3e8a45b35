package main

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"websocketd/test/harness"
)

// TestMCPLimit: the MCP server that is a child of this program answers in both eras, and a wrong answer
// is noticed.
func TestMCPLimit(t *testing.T) {
	t.Parallel()
	b := &bench{ctx: t.Context(), self: buildLoad(t)}
	for _, of := range []era{modern, legacy} {
		var found sample // a busy machine may make no call in the first window
		for b.window = time.Second / 5; b.window < time.Minute && !(found.values[callsPerSecond] > 0); b.window *= 4 {
			var err error
			if found, err = b.limitMCP(of, b.mcpServer(nil), 3); err != nil {
				t.Fatal(err)
			}
		}
		if found.lost != 0 || found.bad != 0 || found.values[callsPerSecond] <= 0 || found.values[p50] <= 0 {
			t.Errorf("%s: %+v", of, found)
		}
	}
	if _, err := b.limitMCP(legacy, []string{"/bin/true"}, 1); err == nil {
		t.Error("no error of a server that ends at once")
	}
}

func buildLoad(t *testing.T) string {
	t.Helper()
	load := filepath.Join(t.TempDir(), "load")
	if out, err := exec.Command("go", "build", "-o", load, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return load
}

func TestCheckCall(t *testing.T) {
	t.Parallel()
	right := `{"jsonrpc":"2.0","id":"a-1","result":{"content":[{"type":"text","text":"` + mcpText + `"}]}}`
	if err := checkCall([]byte(right), "a-1"); err != nil {
		t.Error(err)
	}
	for _, wrong := range []string{
		strings.Replace(right, "a-1", "a-2", 1), strings.Replace(right, `"a-1"`, `1`, 1), strings.Replace(right, "simple", "other", 1),
		`{"jsonrpc":"2.0","id":"a-1","error":{"code":-32603,"message":"no"}}`, `{"jsonrpc":"2.0","id":"a-1","result":{"content":[]}}`,
	} {
		if err := checkCall([]byte(wrong), "a-1"); !errors.Is(err, errWrong) {
			t.Errorf("%s: %v", wrong, err)
		}
	}
	if err := checkCall([]byte("?"), "a-1"); err == nil {
		t.Error("no error of what is no JSON")
	}
}

// TestReadAnswer: an answer is the JSON, or what the last event has that has anything.
func TestReadAnswer(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ kind, body, want string }{
		{"application/json", "{\"a\":1}\n", `{"a":1}`},
		{"text/event-stream; charset=utf-8", "id: 1\ndata:\n\n: ping\n\nevent: message\ndata: {\"a\":1}\n\nid: 2\ndata: {\"a\":2}\n\n", `{"a":2}`},
		{"text/event-stream", ": nothing\n\n", ""},
		{"", "", ""},
	} {
		resp := &http.Response{Header: http.Header{"Content-Type": {c.kind}}, Body: io.NopCloser(strings.NewReader(c.body))}
		if got, err := readAnswer(resp); err != nil || string(got) != c.want {
			t.Errorf("%q: %q, %v", c.body, got, err)
		}
	}
}

// TestMCPMarkdown: a table has a column for each target, and ratios to each but the first.
func TestMCPMarkdown(t *testing.T) {
	t.Parallel()
	targets := []target{{Name: "ours"}, {Name: sdkName}, {Name: supergatewayName}}
	found := newFinding(figure{name: "mcp/x", measures: []string{"m"}}, []participant{{name: "ours"}, {name: sdkName}, {name: supergatewayName}}, 1)
	for i, n := range []number{2, 4, 40} {
		found.add(targets[i].Name, 0, sample{values: map[string]number{"m": n}}, nil)
	}
	found.add(supergatewayName, 0, sample{lost: 1}, nil)
	found.conclude()
	other := newFinding(figure{name: "echo/1", measures: []string{"m"}}, []participant{{name: "ours"}}, 1)
	r := &report{Targets: targets, Figures: []*finding{other, found}}
	var out bytes.Buffer
	r.printMarkdown(&out)
	want := "| figure | measure | ours | sdk | supergateway | to sdk | to supergateway | to limit |\n" +
		"|---|---|---:|---:|---:|---:|---:|---:|\n" +
		"| mcp/x | m | 2.00 | 4.00 | 40.0 | 0.500× | 0.0500× | - |\n"
	if !strings.HasSuffix(out.String(), want) || strings.Count(out.String(), "mcp/x") != 1 || !strings.HasPrefix(out.String(), "| figure | measure | ours | peer |") {
		t.Errorf("%s", out.String())
	}
	if r.failed() {
		t.Error("what another gateway loses is a failure of ours")
	}
}

// TestOnlyMCP: who serves nothing but MCP takes part in nothing else.
func TestOnlyMCP(t *testing.T) {
	t.Parallel()
	b := &bench{self: "load"}
	servers := []target{{Name: sdkName, Command: []string{"everything"}}, {Name: supergatewayName, Command: []string{"node", "x"}}}
	for _, f := range figures() {
		var names []string
		for _, p := range f.participants(b, servers) {
			if p.name != limitName {
				names = append(names, p.name)
			}
		}
		want := ""
		if strings.HasPrefix(f.name, mcpGroup+"/") {
			want = "sdk supergateway"
		}
		if got := strings.Join(names, " "); got != want && !strings.HasPrefix(f.name, "firstline/") {
			t.Errorf("%s: %q, not %q", f.name, got, want)
		}
	}
	if got := b.mcpServer(servers); len(got) != 1 || got[0] != "everything" {
		t.Errorf("behind the others is %q", got)
	}
	if got := b.mcpServer(nil); strings.Join(got, " ") != "load child mcp 0" {
		t.Errorf("without sdk it is %q", got)
	}
}

// TestMCPFigures: everything about MCP can be measured of us. Any number of modern calls has one
// process, and of abandoned sessions none is left.
func TestMCPFigures(t *testing.T) {
	t.Parallel()
	b := &bench{ctx: t.Context(), window: time.Second / 2, self: buildLoad(t)}
	ours, command := target{Name: "ours", Command: []string{harness.PlainBinary(t)}}, b.mcpServer(nil)
	if !ours.speaksMCP() {
		t.Fatal("--help says nothing of --mcp")
	}
	for of, want := range map[era]number{modern: 1, legacy: 3} {
		found, err := b.mcpCalls(ours, of, command, 3)
		if err != nil {
			t.Fatalf("%s: %v", of, err)
		}
		if found.lost != 0 || found.bad != 0 || found.values[callsPerSecond] <= 0 || found.values[allMB] <= 0 || found.values[mcpServers] != want {
			t.Errorf("%s: %+v", of, found)
		}
	}
	found, err := b.abandon(ours, command, 6)
	if errors.Is(err, syscall.EPERM) {
		harness.Skip(t, "socket-filter", err.Error())
	} else if err != nil {
		t.Fatal(err)
	}
	if found.values[serversOpen] != 6 || !found.values[secondsToNone].ok() {
		t.Errorf("abandoned: %+v", found)
	}
}
