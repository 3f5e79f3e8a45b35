package examples

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"websocketd/test/harness"
)

// servesTools: each server of the file answers clients of both eras at its path. The page is
// tested by package browserclient.
func servesTools(t *testing.T, r run) {
	s := r.start(t)
	if _, page := get(t, s, "/", nil); !strings.Contains(page, "'MCP-Protocol-Version'") {
		t.Errorf("the page: %q", page)
	}
	text, err := os.ReadFile(filepath.Join(tree(), r.name, "words.py"))
	if _, code, _ := strings.Cut(string(text), "import "); err != nil || strings.Count(code, "\n") != 10 {
		t.Errorf("words.py has not ten lines: %v\n%s", err, text)
	}
	modern(t, s, "/words", "server/discover", "", `"supportedVersions": ["2026-07-28"]`)
	for _, path := range []string{"/words", "/everybody"} {
		modern(t, s, path, "tools/list", "", `"name": "count_words"`)
		modern(t, s, path, "tools/call", `"name":"count_words","arguments":{"text":"one two"}`, `"text": "2 words"`)
		legacy(t, s, path, path == "/words", `"name":"count_words","arguments":{"text":"a b c"}`, `"text": "3 words"`)
	}
	for _, path := range []string{"/words", "/everybody"} {
		if c := s.Ask(t, modernRequest(path, "prompts/list", "")); c.Status() != 404 || !strings.Contains(c.Body, "-32601") {
			t.Errorf("%s, a method that is not known: %d %s", path, c.Status(), c.Body)
		}
	}
	told := modern(t, s, "/work", "tools/call", `"name":"work","arguments":{"steps":2}`, `"text": "2 steps are done"`)
	for n := 1; n <= 2; n++ {
		if want := fmt.Sprintf(`"params": {"progressToken": "mine", "progress": %d, "total": 2}`, n); strings.Count(told, want) != 1 {
			t.Errorf("%s\nhas not once\n%s", told, want)
		}
	}
	legacy(t, s, "/work", true, `"name":"work","arguments":{"steps":1}`, `"text": "1 steps are done"`)
	harness.Until(t, "there is a process for each server and era", func() bool { return len(s.Children()) == 6 })
}

// modern makes a request as clients of the newest revision do, and returns the answer, which has
// want in it.
func modern(t *testing.T, s *harness.Server, path, method, params, want string) string {
	t.Helper()
	return answered(t, s.Ask(t, modernRequest(path, method, params)), `"q"`, want)
}

// modernRequest returns a request with the headers that repeat what is in it.
func modernRequest(path, method, params string) harness.Request {
	const meta = `"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{},"progressToken":"mine"}`
	if params != "" {
		params += ","
	}
	r := post(path, `{"jsonrpc":"2.0","id":"q","method":"`+method+`","params":{`+params+meta+`}}`).
		Add("MCP-Protocol-Version", "2026-07-28").Add("Mcp-Method", method)
	var named struct{ Name string }
	if json.Unmarshal([]byte("{"+params+meta+"}"), &named); named.Name != "" {
		r = r.Add("Mcp-Name", named.Name)
	}
	return r
}

// legacy opens as older clients do, and calls a tool. It gets a session if there is one.
func legacy(t *testing.T, s *harness.Server, path string, session bool, call, want string) {
	t.Helper()
	c := s.Ask(t, post(path, `{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"test","version":"1"}}}`))
	answered(t, c, "0", `"protocolVersion": "2025-06-18"`)
	id := c.Header("Mcp-Session-Id")
	if (id != "") != session {
		t.Fatalf("%s: the session is %q", path, id)
	}
	mine := func(body string) harness.Request {
		r := post(path, body).Add("MCP-Protocol-Version", "2025-06-18")
		if session {
			r = r.Add("Mcp-Session-Id", id)
		}
		return r
	}
	if c := s.Ask(t, mine(`{"jsonrpc":"2.0","method":"notifications/initialized"}`)); c.Status() != 202 {
		t.Errorf("%s: a notification: %d %s", path, c.Status(), c.Body)
	}
	answered(t, s.Ask(t, mine(`{"jsonrpc":"2.0","id":0,"method":"tools/call","params":{`+call+`}}`)), "0", want)
}

func post(path, body string) harness.Request {
	return harness.Post(path, body).Add("Content-Type", "application/json").Add("Accept", "application/json, text/event-stream")
}

// answered returns the body of an answer to the request of this id.
func answered(t *testing.T, c *harness.Conn, id, want string) string {
	t.Helper()
	body := strings.ReplaceAll(c.Body, `"id": `, `"id":`)
	if c.Status() != 200 || !strings.Contains(body, `"id":`+id) || !strings.Contains(body, want) {
		t.Fatalf("%d %s, without %s of %s", c.Status(), c.Body, want, id)
	}
	return c.Body
}
