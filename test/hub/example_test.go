package hub

import (
	"fmt"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/gorilla/websocket"

	"websocketd/test/harness"
)

// sh returns the command of a shell script.
func sh(script string) []string { return []string{"sh", "-c", script} }

// TestChannels (2.7, points 1, 2, 4): each client gets its channels and no others, line by line.
func TestChannels(t *testing.T) {
	t.Parallel()
	s := startExample(t, sh(`echo one; echo; echo two >&2; printf 'three\r\nfour'`)...)
	a, b, c := connect(t, s.Addr), connect(t, s.Addr), connect(t, s.Addr)
	a.subscribe("process:build-1")
	b.say(`{"type":"subscribe","channel":"process:build-1"}`)
	b.settled()
	c.subscribe("process:test-5")
	runAs(t, s, "build-1")
	for _, x := range []*client{a, b} {
		x.expect("[running 0]")
		lines := x.until("[exited 0]")
		stdout := slices.DeleteFunc(slices.Clone(lines), func(line string) bool { return line == "two" })
		if strings.Join(stdout, "|") != "one||three|four" || len(lines) != 5 {
			t.Errorf("%q", lines)
		}
	}
	b.say(`{"type":"unsubscribe","data":"process:build-1"}`)
	b.settled()
	harness.Until(t, "it can run again", func() bool {
		status, _ := ask(t, "POST", "http://"+s.Addr+"/run?id=build-1")
		return status == 202
	})
	a.until("[exited 0]")
	b.settled() // and nothing else
	c.settled()
	runAs(t, s, "test-5")
	c.expect("[running 0]")
	c.until("[exited 0]")
	a.settled()
}

// TestEndings (2.7, point 3): the status comes first and last, and is what has happened.
func TestEndings(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		script string
		want   []string
	}{
		{`exit 0`, []string{"[running 0]", "[exited 0]"}},
		{`echo a; exit 137`, []string{"[running 0]", "a", "[exited 137]"}},
		{`seq 2000; exit 1`, append(append([]string{"[running 0]"}, numbers(2000)...), "[exited 1]")},
		{`echo a; kill -9 $$`, []string{"[running 0]", "a", "[killed -1]"}},
	} {
		s := startExample(t, sh(test.script)...)
		c := connect(t, s.Addr)
		c.subscribe("process:x")
		runAs(t, s, "x")
		c.expect(test.want...)
	}

	s := startExample(t, "/no/such/program")
	c, other := connect(t, s.Addr), connect(t, s.Addr)
	c.subscribe("process:x")
	other.settled()
	runAs(t, s, "x")
	want := "[error failed to start process x: fork/exec /no/such/program: no such file or directory]"
	got := []string{c.next().short(t), c.next().short(t)} // of two channels
	slices.Sort(got)
	if !slices.Equal(got, []string{want, "[failed -1]"}) {
		t.Errorf("%q", got)
	}
	other.expect(want)
	late := connect(t, s.Addr)
	late.say(`{"type":"subscribe","data":"process:x"}`)
	late.expect("[failed -1]")
}

// numbers returns the lines 1 to n.
func numbers(n int) (lines []string) {
	for i := range n {
		lines = append(lines, strconv.Itoa(i+1))
	}
	return lines
}

// TestRequests (2.7, points 7, 8, 9): what a client may not ask for is one error, and what means
// nothing is nothing.
func TestRequests(t *testing.T) {
	t.Parallel()
	s := startExample(t, "true")
	c := connect(t, s.Addr)
	for _, nothing := range []string{`{`, ``, `null`, `[]`, `{"type":"shout","data":"x"}`, `{"type":"subscribe"}`, `{"type":"subscribe","data":{}}`,
		`{"type":"process_output","channel":"process:x","processId":"x","data":"forged"}`, `{"type":"unsubscribe","data":"a b"}`} {
		c.say("%s", nothing)
	}
	c.settled()
	for name, want := range map[string]string{"a b": "invalid channel name", "process:a:b": "invalid process ID"} {
		c.say(`{"type":"subscribe","data":%q}`, name)
		if m := c.next(); m.Type != "error" || !strings.Contains(m.text(t), want) {
			t.Errorf("%s: %+v", name, m)
		}
	}
	for i := range 1024 {
		c.say(`{"type":"subscribe","data":"channel-%d"}`, i)
	}
	c.settled()
	c.say(`{"type":"subscribe","data":"one-more"}`)
	if m := c.next(); m.Type != "error" || !strings.Contains(m.text(t), "subscription limit exceeded") {
		t.Errorf("%+v", m)
	}
	if n := subscribers(t, s); n != 1024 {
		t.Errorf("%d subscriptions", n)
	}
	c.WriteMessage(websocket.BinaryMessage, []byte(`{"type":"ping"}`))
	c.expect("[pong]")
	c.say(`{"type":"ping","data":%q}`, strings.Repeat("x", 64<<10))
	if code, _ := c.ends(); code != websocket.CloseMessageTooBig {
		t.Errorf("closed with %d", code)
	}
}

// TestStalled (2.7, point 10): who stops reading is let go, while the process is not slowed and
// the others miss nothing.
func TestStalled(t *testing.T) {
	t.Parallel()
	const lines = 20_000 // in four seconds; the channel holds all of them, and no socket does
	s := startExample(t, harness.Child(t), "count", "-now", fmt.Sprint("-total=", lines), "-batch=100", "-every=20ms", "-pad=200")
	stalled, reads := connectNarrow(t, s.Addr), connect(t, s.Addr)
	stalled.subscribe("process:x")
	reads.subscribe("process:x")
	runAs(t, s, "x")
	reads.expect("[running 0]")
	for i := range lines {
		if line := reads.next().short(t); !strings.HasPrefix(line, fmt.Sprint(i+1, " ")) {
			t.Fatalf("line %d is %.50s", i+1, line)
		}
	}
	reads.expect("[exited 0]")
	harness.Until(t, "the one that does not read is gone", func() bool { return stats(t, s)["clients"] == 1 })
	reads.settled()
}

// connectNarrow connects a client for which the system holds little that it has not read.
func connectNarrow(t *testing.T, address string) *client {
	t.Helper()
	dialer := websocket.Dialer{NetDial: func(network, address string) (net.Conn, error) {
		c, err := net.Dial(network, address)
		if err == nil {
			err = c.(*net.TCPConn).SetReadBuffer(4 << 10)
		}
		return c, err
	}}
	conn, _, err := dialer.Dial("ws://"+address+"/ws", nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return &client{conn, t}
}

// TestRun (2.7, point 12): what /run answers.
func TestRun(t *testing.T) {
	t.Parallel()
	s := startExample(t, sh(`exec sleep 1000`)...)
	for _, test := range []struct {
		method, query, header string
		status                int
		body                  string
	}{
		{"GET", "", "Accept: */*", 400, "missing id parameter"},
		{"GET", "?id=", "Accept: */*", 400, "missing id parameter"},
		{"GET", "?id=a:b", "Accept: */*", 400, "invalid process ID: 1 to 128 letters, digits, and _ - . are allowed"},
		{"GET", "?id=" + strings.Repeat("x", 129), "Accept: */*", 400, "invalid process ID: 1 to 128 letters, digits, and _ - . are allowed"},
		{"GET", "?id=x", "Sec-Fetch-Site: cross-site", 403, "a page of another site may not start anything"},
		{"POST", "?id=x", "Origin: http://example.com", 403, "a page of another site may not start anything"},
		{"GET", "?id=x", "Accept: */*", 202, ""},
		{"POST", "?id=x", "Accept: */*", 409, "x is running"},
	} {
		status, body := ask(t, test.method, "http://"+s.Addr+"/run"+test.query, test.header)
		if status != test.status || body != test.body {
			t.Errorf("%s %s with %s: %d %q", test.method, test.query, test.header, status, body)
		}
	}
	for i := range 7 {
		runAs(t, s, fmt.Sprint("more-", i))
	}
	if status, body := ask(t, "GET", "http://"+s.Addr+"/run?id=y"); status != 429 || body != "8 processes run, which is as many as may" {
		t.Errorf("%d %s", status, body)
	}
}

// TestAdmissionOfExample (2.7, point 11): a page of another site, and one that has given its name
// this server's address, is refused before the upgrade.
func TestAdmissionOfExample(t *testing.T) {
	t.Parallel()
	s := startExample(t, "true")
	for _, origin := range []string{"http://example.com", "null", "http://" + s.Addr + ".example.com"} {
		if _, err := tryConnect(t, s.Addr, http.Header{"Origin": {origin}}); err == nil || !strings.Contains(err.Error(), "403") {
			t.Errorf("%s: %v", origin, err)
		}
	}
	connect(t, s.Addr, http.Header{"Origin": {"http://" + s.Addr}}).settled()
	for _, path := range []string{"/", "/ws", "/run?id=x", "/stats"} {
		c := s.Ask(t, harness.Get(path).Host("example.com"))
		if c.Status() != 421 {
			t.Errorf("%s: %d", path, c.Status())
		}
	}
}

// TestStatistics (2.7, point 13): they can be read over HTTP, and fall to zero.
func TestStatistics(t *testing.T) {
	t.Parallel()
	s := startExample(t, "true")
	must := func(want string) {
		t.Helper()
		var body string
		harness.Until(t, want, func() bool {
			_, body = ask(t, "GET", "http://"+s.Addr+"/stats")
			return body == want
		})
	}
	must(`{"clients":0,"channels":0,"subscribers":0}`)
	a, b := connect(t, s.Addr), connect(t, s.Addr)
	a.subscribe("one")
	a.subscribe("two")
	b.subscribe("two")
	must(`{"clients":2,"channels":2,"subscribers":3}`)
	a.Close() // without a close frame
	must(`{"clients":1,"channels":1,"subscribers":1}`)
	b.say(`{"type":"unsubscribe","data":"two"}`)
	must(`{"clients":1,"channels":0,"subscribers":0}`)
	b.WriteMessage(websocket.CloseMessage, websocket.FormatCloseMessage(1000, ""))
	must(`{"clients":0,"channels":0,"subscribers":0}`)
}

// TestGoingAway (2.7, point 16): when the server stops, the processes end, and every client is sent
// a close frame.
func TestGoingAway(t *testing.T) {
	t.Parallel()
	s := startExample(t, sh(`trap 'echo last; exit 3' TERM; echo up; while :; do sleep 0.01; done`)...)
	watching, idle := connect(t, s.Addr), connect(t, s.Addr)
	watching.subscribe("process:x")
	idle.settled()
	runAs(t, s, "x")
	watching.expect("[running 0]", "up")
	s.Signal(t, syscall.SIGTERM)
	watching.expect("last", "[exited 3]")
	for _, c := range []*client{watching, idle} {
		if code, _ := c.ends(); code != websocket.CloseGoingAway {
			t.Errorf("closed with %d", code)
		}
	}
	if status := s.Wait(t); status != 0 {
		t.Errorf("exit status %d", status)
	}
}
