package examples

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/coder/websocket"

	"websocketd/test/harness"
)

// servesMany: each program of the file is at its path, with its own settings, and
// there is nothing elsewhere.
func servesMany(t *testing.T, r run) {
	s := r.start(t)
	greet := connect(t, s, "/greet", nil)
	greet.send("Ann")
	greet.expect("Hello Ann!")
	greet.leave()

	ask := connect(t, s, "/ask", nil)
	ask.expect("Name? ")
	ask.send("Zo\u00eb\n")
	if lines := strings.Join(ask.rest(websocket.StatusNormalClosure), ""); lines != "Hello Zo\u00eb" {
		t.Errorf("%q", lines)
	}
	names := connect(t, s, "/names", nil)
	if got := strings.Join(names.rest(websocket.StatusNormalClosure), "|"); got != "one|two\nlines" {
		t.Errorf("%q", got)
	}
	value := connect(t, s, "/json", nil)
	value.send("{\n  \"a\": [1, 2]\n}")
	value.expect(`{"a":[1,2]}`)
	value.send("not JSON")
	value.rest(websocket.StatusPolicyViolation)

	for _, path := range []string{"/bytes", "/length"} {
		echoesBytes(t, s, path)
	}

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

	first, second, other := connect(t, s, "/room/kitchen", nil), connect(t, s, "/room/kitchen", nil), connect(t, s, "/room/hall", nil)
	for _, from := range []client{first, second} {
		from.send("Hello everybody!")
		first.expect("Hello everybody!")
		second.expect("Hello everybody!")
	}
	other.send("Only me?")
	other.expect("Only me?")
	connect(t, s, "/room/kitchen", nil).expect("Hello everybody!") // what was said before

	for _, path := range []string{"/", "/build", "/greets"} {
		if status := s.Ask(t, harness.Handshake(path)).Status(); status != 404 {
			t.Errorf("%s: %d", path, status)
		}
	}
	greet = connect(t, s, "/greet/more", nil)
	greet.leave()
	harness.Until(t, "only what is started ahead, and two rooms, are left", func() bool { return len(s.Children()) == 4 })
}

func echoesBytes(t *testing.T, s *harness.Server, path string) {
	t.Helper()
	raw := connect(t, s, path, nil)
	if err := raw.conn.Write(raw.ctx, websocket.MessageBinary, []byte("\x00\xff\n")); err != nil {
		t.Fatal(err)
	}
	if kind, data, err := raw.conn.Read(raw.ctx); kind != websocket.MessageBinary || !bytes.Equal(data, []byte("\x00\xff\n")) || err != nil {
		t.Errorf("%s: %v %q %v", path, kind, data, err)
	}
	raw.leave()
}

// callsByName: a build is called, and there is a page for it, which package browserclient
// tests.
func callsByName(t *testing.T, r run) {
	s := r.start(t)
	if _, page := get(t, s, "/", nil); !strings.Contains(page, "websocketd.call(") {
		t.Errorf("the page: %q", page)
	}
	conn, _, err := websocket.Dial(t.Context(), "ws://"+s.Addr+"/pow/", &websocket.DialOptions{HTTPClient: harness.HTTPClient(t), Subprotocols: []string{"pow-1"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.CloseNow() })
	c := client{t, t.Context(), conn}
	if err := conn.Write(c.ctx, websocket.MessageBinary, []byte(`{"call":"build","params":["app","2"]}`)); err != nil {
		t.Fatal(err)
	}
	const built = `{"built":"app","files":2}`
	all := strings.Join(c.rest(websocket.StatusNormalClosure), "")
	if want := built + "\n" + `{"status":"fulfilled","value":` + built + `}`; !strings.HasPrefix(all, "[1/2] compiling app-1 ... done\n") || !strings.HasSuffix(all, want) {
		t.Errorf("%q", all)
	}
	harness.NoSurvivors(t, s)
}
