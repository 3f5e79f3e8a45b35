package control

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"websocketd/test/harness"
)

// mcpPrograms are MCP servers in a file: one that answers, one that ends at once, one that is
// not there any more when it is needed, and one that is to be there from the start.
const mcpPrograms = `mcp = true
[program.good]
command = ["sh", "good.sh"]
[program.dead]
command = ["sh", "-c", "exit 3"]
[program.lost]
command = ["./lost.sh"]
[program.eager]
command = ["sh", "good.sh"]
start = "eager"
`

const mcpServer = `while read -r line; do
	case $line in *'"id":'*) ;; *) continue ;; esac
	id=${line#*'"id":'}
	printf '{"jsonrpc":"2.0","id":%s,"result":{"protocolVersion":"2025-11-25","capabilities":{}}}\n' "${id%%[,\}]*}"
done
`

// mcpState is what the operator is told of a program.
type mcpState struct {
	Name, Lifetime, State string
	Processes, Sessions   int
}

func (s *operated) mcpStates(t *testing.T) map[string]mcpState {
	t.Helper()
	status, body := s.get(t, "/api/programs")
	var all []mcpState
	if err := json.Unmarshal([]byte(body), &all); err != nil || status != 200 {
		t.Fatalf("%d %s, %v", status, body, err)
	}
	states := map[string]mcpState{}
	for _, p := range all {
		states[p.Name] = p
	}
	return states
}

// TestMCPHealth: an MCP server that does not work is seen, by whoever asks whether this server is
// ready, and by the operator, with the cause.
func TestMCPHealth(t *testing.T) {
	t.Parallel()
	dir := harness.Scripts(t, map[string]string{"lost.sh": "exit 1"})
	harness.WriteFile(t, filepath.Join(dir, "c.toml"), mcpPrograms, 0o644)
	harness.WriteFile(t, filepath.Join(dir, "good.sh"), mcpServer, 0o644)
	s := operate(t, harness.Options{Dir: dir, Args: []string{"--config=c.toml"}})
	ready := func(want string) {
		t.Helper()
		harness.Until(t, "/readyz says "+want, func() bool {
			status, body := s.get(t, "/readyz")
			first, _, _ := strings.Cut(body, "\n")
			return (status == 200) == (first == "ready") && strings.Contains(body, want)
		})
	}
	ready("\neager: running\n")
	if status, body := s.get(t, "/readyz"); status != 200 || !strings.Contains(body, "\ngood: idle\n") || !strings.Contains(body, "\ndead: idle\n") {
		t.Errorf("before anyone has asked: %d %q", status, body)
	}
	if err := os.Remove(filepath.Join(dir, "lost.sh")); err != nil {
		t.Fatal(err)
	}
	for _, message := range []string{"initialize", "ping"} {
		for _, name := range []string{"good", "dead", "lost"} {
			s.Ask(t, mcpMessage("/"+name, message))
		}
	}
	ready("\ngood: running\n")
	ready("\ndead: failed\n")
	ready("\nlost: failed\n")
	states := s.mcpStates(t)
	for name, want := range map[string]mcpState{
		"good":  {"good", "mcp", "running", 2, 1}, // that of the session, and the one for all
		"dead":  {"dead", "mcp", "failed: exit status 3", 0, 0},
		"eager": {"eager", "mcp", "running", 1, 0},
	} {
		if got := states[name]; got != want && !(name == "dead" && got.State == want.State) {
			t.Errorf("%+v, want %+v", got, want)
		}
	}
	if !strings.HasPrefix(states["lost"].State, "failed: ") {
		t.Errorf("%+v", states["lost"])
	}
}

// mcpMessage is a request of a client of 2026-07-28, or initialize of an older one.
func mcpMessage(path, method string) harness.Request {
	params := `"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"x","version":"1"}`
	if method != "initialize" {
		params = `"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}`
	}
	r := harness.Post(path, `{"jsonrpc":"2.0","id":1,"method":"`+method+`","params":{`+params+`}}`).
		Add("Content-Type", "application/json").Add("Accept", "application/json, text/event-stream")
	if method == "initialize" {
		return r
	}
	return r.Add("MCP-Protocol-Version", "2026-07-28").Add("Mcp-Method", method)
}

// TestMCPReadiness: a server whose process is to be there, and is not, is not ready.
func TestMCPReadiness(t *testing.T) {
	t.Parallel()
	s := operate(t, harness.Options{Args: []string{"--mcp", "--start=eager", "--restart=never", "sh", "-c", "cat >/dev/null"}})
	harness.Until(t, "it is ready", func() bool {
		status, body := s.get(t, "/readyz")
		return status == 200 && body == "ready\nsh: running\n"
	})
	for _, pid := range s.Children() {
		syscall.Kill(pid, syscall.SIGKILL)
	}
	harness.Until(t, "it is not ready", func() bool {
		status, body := s.get(t, "/readyz")
		return status == 503 && body == "a program does not run\nsh: ended\n"
	})
}
