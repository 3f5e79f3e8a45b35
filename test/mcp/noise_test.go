package mcp

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"websocketd/test/harness"
)

// noise is what a server prints that is no message, or one to nothing.
var noise = []string{
	`Listening on port 3000`, ``, ` `, `{}`, `[]`, `null`, `7`, `"text"`, `{"jsonrpc":"2.0"}`, `{"jsonrpc":"2.0","id":$ID}`,
	`{"jsonrpc":"2.0","id":$ID,"result":`, `{"jsonrpc":"2.0","id":987654321,"result":{"noise":1}}`, `{"jsonrpc":"2.0","id":"$ID","result":{"noise":1}}`,
	`{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"noise"}}`, `{"jsonrpc":"2.0","id":1.5,"result":{"noise":1}}`,
	`{"jsonrpc":"2.0","id":$ID.0,"result":{"noise":1}}`, `{"jsonrpc":"2.0","id":[$ID],"result":{"noise":1}}`,
	`[{"jsonrpc":"2.0","id":987654321,"result":{"noise":1}}]`, `{"jsonrpc":"2.0","id":$ID,"result":{"noise":1}} trailing`, `{'id':$ID}`,
	`{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":"noise","progress":1}}`,
	`{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":987654321,"progress":1}}`,
	`{"jsonrpc":"2.0","method":"notifications/progress","params":{"progress":1,"message":"noise"}}`,
	`{"jsonrpc":"2.0","method":"notifications/progress"}`, `{"jsonrpc":"2.0","id":987654321,"method":7}`,
	"\\u001b[31mred\\u001b[0m", "\\u0000\\u0001", strings.Repeat("noise ", 20_000), strings.Repeat("[", 100_000),
}

// What a process prints that is no message for a client comes to none, and disturbs no call.
func TestNoise(t *testing.T) {
	t.Parallel()
	bothEras(t, []string{"--", "-noise=Welcome! {"}, func(t *testing.T, _ *harness.Server, p *peer) {
		for i, line := range noise {
			text := strings.ReplaceAll(line, `"`, `\"`)
			a := p.send(p.tool("1", "say", fmt.Sprintf(`"before":["%s"],"after":["%s"],"payload":%d`, text, text, i))).read()
			if got := a.payload(t, "1"); got != fmt.Sprint(i) || len(a.messages) != 1 {
				t.Errorf("%.100s: %.300q", line, a.messages)
			}
			if got := a.header.Get("Content-Type"); !strings.HasPrefix(got, jsonType) {
				t.Errorf("%.100s: %s", line, got)
			}
		}
		if p.modern {
			return
		}
		standing := p.get("")
		p.call("say", `"before":["{\"jsonrpc\":\"2.0\",\"method\":\"notifications/tools/list_changed\"}"]`)
		if m := standing.message(); !strings.Contains(m, "list_changed") {
			t.Errorf("the standing stream begins with %.300s", m)
		}
	})
}

// Bytes that are no UTF-8 are noise as well.
func TestBinaryNoise(t *testing.T) {
	t.Parallel()
	s := harness.Start(t, harness.Binary(t), "--mcp", "sh", "-c", `printf '\377\376\000{"jsonrpc":"2.0","id":1,"result":{}}\n'; exec "$0" mcp`, harness.Child(t))
	for _, p := range []*peer{modernPeer(t, s), legacyPeer(t, s)} {
		if got := p.call("echo", `"payload":1`); got != "1" {
			t.Error(got)
		}
	}
}

// A message in which a member stands twice has two meanings: the one that is checked, and the
// one that a process reads. It does not come to one.
func TestMembersTwice(t *testing.T) {
	t.Parallel()
	bothEras(t, nil, func(t *testing.T, _ *harness.Server, p *peer) {
		meta, _ := json.Marshal(map[string]any{"io.modelcontextprotocol/protocolVersion": modernVersion, "io.modelcontextprotocol/clientCapabilities": map[string]any{}})
		for _, body := range []string{
			`{"jsonrpc":"2.0","id":1,"method":"tools/call","method":"tools/list","params":{"name":"echo","_meta":%s}}`,
			`{"jsonrpc":"2.0","id":1,"id":2,"method":"tools/call","params":{"name":"echo","_meta":%s}}`,
			`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{},"params":{"name":"echo","_meta":%s}}`,
			`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"pid","name":"echo","_meta":%s}}`,
			`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"n\u0061me":"pid","name":"echo","_meta":%s}}`,
		} {
			r := p.post(fmt.Sprintf(body, meta))
			if !p.modern {
				r = p.post(strings.ReplaceAll(fmt.Sprintf(body, meta), modernVersion, legacyVersion))
			}
			r.Header.Set("Mcp-Method", "tools/call")
			r.Header.Set("Mcp-Name", "echo")
			if a := p.send(r).read(); a.status != http.StatusBadRequest {
				t.Errorf("%s: %d %s", body, a.status, a.body)
			}
		}
	})
}
