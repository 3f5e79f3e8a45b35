package mcp

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"websocketd/test/harness"
)

// claim is what every message of the newer era says of itself.
const claim = `"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}`

// modernPost is a request of the newer era with a header for every body, as text.
func modernPost(s served, method, body string) string {
	addr := s.ours.Addr
	return fmt.Sprintf("POST / HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nAccept: application/json, text/event-stream\r\n"+
		"MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: %s\r\nContent-Length: %d\r\n\r\n%s", addr, method, len(body), body)
}

// dial connects to our binary.
func dial(t *testing.T, s served) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", s.ours.Addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// npmServer returns the program in server.mjs, run by a shell after some commands.
func npmServer(t *testing.T, first string) []string {
	t.Helper()
	harness.Need(t, "node22:mcp")
	return []string{"sh", "-c", first + ` exec "$0" "$1"`, harness.Node22(t), filepath.Join(harness.MCPDir(), "server.mjs")}
}

// askEra returns the era that the program has taken its client for.
func askEra(t *testing.T, s served) string {
	t.Helper()
	return newGoClient(t, s.url, modern, true).call(t, "era", "", nil)
}

// A message that does not say its era, sent to the process that serves everybody before any
// other, would make it one for older clients. It is refused.
func TestEraCannotBeSpoiled(t *testing.T) {
	t.Parallel()
	s := through(t, npmServer(t, ""))
	c := dial(t, s)
	fmt.Fprint(c, modernPost(s, "notifications/initialized", `{"jsonrpc":"2.0","method":"notifications/initialized"}`))
	answer, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil || answer.StatusCode != http.StatusBadRequest {
		t.Errorf("%v, %v", answer, err)
	}
	if era := askEra(t, s); era != modern {
		t.Errorf("the program serves the %s era", era)
	}
}

// What we say ourselves when a client gives up says the era, too: here a client has left before
// the program has read its first question.
func TestEraOfCancellation(t *testing.T) {
	t.Parallel()
	const late = `read -r one; echo "one is here" >&2; read -r other; echo "both are here" >&2; { printf '%s\n%s\n' "$one" "$other"; cat; } |`
	s := through(t, npmServer(t, late))
	c := dial(t, s)
	fmt.Fprint(c, modernPost(s, "server/discover", `{"jsonrpc":"2.0","id":1,"method":"server/discover","params":{`+claim+`}}`))
	s.stderr.Await(t, "| stderr", "one is here")
	c.Close()
	s.stderr.Await(t, "| stderr", "both are here")
	if era := askEra(t, s); era != modern {
		t.Errorf("the program serves the %s era", era)
	}
}

// Of two clients that listen to changes each is told.
func TestListeners(t *testing.T) {
	t.Parallel()
	s := through(t, npmServer(t, ""))
	var told [2]chan struct{}
	for i := range told {
		told[i] = make(chan struct{}, 10)
		listen(t, s, told[i])
	}
	newGoClient(t, s.url, modern, true).call(t, "touch", "", nil)
	for i := range told {
		select {
		case <-told[i]:
		case <-harness.Context(t).Done():
			t.Errorf("client %d is not told", i)
		}
	}
}

// listen connects a client that wants to be told when the tools change.
func listen(t *testing.T, s served, told chan<- struct{}) {
	t.Helper()
	c := dial(t, s)
	fmt.Fprint(c, modernPost(s, "subscriptions/listen",
		`{"jsonrpc":"2.0","id":"same","method":"subscriptions/listen","params":{"notifications":{"toolsListChanged":true},`+claim+`}}`))
	lines := bufio.NewScanner(c)
	acknowledged := false
	for !acknowledged && lines.Scan() {
		acknowledged = strings.Contains(lines.Text(), "acknowledged") && strings.Contains(lines.Text(), `"same"`)
	}
	if !acknowledged {
		t.Fatalf("not acknowledged: %v", lines.Err())
	}
	go func() {
		defer close(told)
		for lines.Scan() {
			if strings.Contains(lines.Text(), "tools/list_changed") && strings.Contains(lines.Text(), `"same"`) {
				told <- struct{}{}
			}
		}
	}()
}
