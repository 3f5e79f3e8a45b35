package examples

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"websocketd/test/harness"
)

// runsAndShows: who subscribes to a process gets its lines and how it has ended. The page loads
// nothing from elsewhere.
func runsAndShows(t *testing.T, r run) {
	port := harness.FreePort(t)
	s := startEmbedded(t, r, port, fmt.Sprintf("-address=127.0.0.1:%d", port))
	_, page := get(t, s, "/", nil)
	if policy := s.Ask(t, harness.Get("/")).Header("Content-Security-Policy"); !strings.Contains(policy, "default-src 'none'; script-src 'self'") || !strings.Contains(page, `src="page.js"`) || strings.Contains(page, "://") {
		t.Errorf("the page has the policy %q: %s", policy, page)
	}
	if _, script := get(t, s, "/page.js", nil); !strings.Contains(script, "new WebSocket(") || strings.Contains(script, "://") {
		t.Errorf("page.js: %s", script)
	}

	c := connect(t, s, "/ws", nil)
	c.send(`{"type":"subscribe","data":"process:build-1"}`)
	c.send(`{"type":"ping"}`)
	c.receive()
	if status := s.Ask(t, harness.Get("/run?id=build-1")).Status(); status != 202 {
		t.Fatalf("/run: %d", status)
	}
	var got []string
	for len(got) == 0 || !strings.Contains(got[len(got)-1], "exited") {
		var m struct {
			ProcessID string
			Data      json.RawMessage
		}
		if line := c.receive(); json.Unmarshal([]byte(line), &m) != nil || m.ProcessID != "build-1" {
			t.Fatalf("a message is %q", line)
		}
		got = append(got, string(m.Data))
	}
	const want = `{"status":"running","exitCode":0} "fetch ..." "compile ..." "link ..." "main.c:7: warning: nothing was built" "done" {"status":"exited","exitCode":0}`
	const other = `"done" "main.c:7: warning: nothing was built"` // of two streams
	if all := strings.Join(got, " "); all != want && strings.Replace(all, other, `"main.c:7: warning: nothing was built" "done"`, 1) != want {
		t.Errorf("the channel has %s", all)
	}
	endEmbedded(t, s, c)
}
