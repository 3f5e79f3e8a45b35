package examples

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/coder/websocket"

	"websocketd/test/harness"
)

// servesFive: each program of the file is at its path, with its own settings, and
// there is nothing elsewhere.
func servesFive(t *testing.T, r run) {
	s := r.start(t)
	greet := connect(t, s, "/greet", nil)
	greet.send("Ann")
	greet.expect("Hello Ann!")
	greet.leave()

	raw := connect(t, s, "/bytes", nil)
	if err := raw.conn.Write(raw.ctx, websocket.MessageBinary, []byte("\x00\xff\n")); err != nil {
		t.Fatal(err)
	}
	if kind, data, err := raw.conn.Read(raw.ctx); kind != websocket.MessageBinary || !bytes.Equal(data, []byte("\x00\xff\n")) || err != nil {
		t.Errorf("%v %q %v", kind, data, err)
	}
	raw.leave()

	build := connect(t, s, "/ci/build", nil)
	lines := strings.Join(build.rest(4002), " ")
	for _, want := range []string{`{"stream":"stdout","data":"building --fast"}`, `{"stream":"stderr","data":"warning: nothing to build"}`} {
		if !strings.Contains(lines, want) {
			t.Errorf("%s, expected %s", lines, want)
		}
	}

	connect(t, s, "/where/any/thing", nil).expect("Hello from /usr, you asked for /any/thing")

	ready := connect(t, s, "/ready?x=1", nil)
	if line := ready.receive(); !strings.HasPrefix(line, "ready since ") {
		t.Errorf("%q", line)
	}
	var request map[string]string
	if line := ready.receive(); json.Unmarshal([]byte(line), &request) != nil || request["QUERY_STRING"] != "x=1" || request["SCRIPT_NAME"] != "/ready" {
		t.Errorf("%q", line)
	}
	ready.rest(websocket.StatusNormalClosure)

	for _, path := range []string{"/", "/build", "/greets"} {
		if status := s.Ask(t, harness.Handshake(path)).Status(); status != 404 {
			t.Errorf("%s: %d", path, status)
		}
	}
	greet = connect(t, s, "/greet/more", nil)
	greet.leave()
	harness.Until(t, "only what is started ahead is left", func() bool { return len(s.Children()) == 2 })
}
