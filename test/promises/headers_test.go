package promises

import (
	"testing"

	"websocketd/test/harness"
)

// The first subprotocol a client offers that --protocol names is echoed.
func TestSubprotocol(t *testing.T) {
	t.Parallel()
	s := start(t, "--protocol=chat,mcp", "cat")
	for _, c := range []struct {
		offered []string
		want    string
	}{
		{nil, ""}, {[]string{"other"}, ""}, {[]string{"chat"}, "chat"}, {[]string{"other, mcp, chat"}, "mcp"},
		{[]string{"other", "chat"}, "chat"}, {[]string{"CHAT"}, ""},
	} {
		r := harness.Handshake("/")
		for _, line := range c.offered {
			r = r.Add("Sec-WebSocket-Protocol", line)
		}
		conn := s.Open(t, r)
		if got := conn.Header("Sec-WebSocket-Protocol"); got != c.want {
			t.Errorf("offered %q: echoed %q, expected %q", c.offered, got, c.want)
		}
		conn.Echo(t, "works")
	}
	s.Out.Await(t, "INFO", `subprotocol "CHAT"`, "--protocol=*")
	if n := len(s.Out.With("is not confirmed")); n != 2 { // other and CHAT
		t.Errorf("%d lines about subprotocols that were not confirmed:\n%s", n, s.Out)
	}
	any := start(t, "--protocol=*", "cat")
	if got := any.Open(t, harness.Handshake("/").Add("Sec-WebSocket-Protocol", "first, second")).Header("Sec-WebSocket-Protocol"); got != "first" {
		t.Errorf("--protocol=*: echoed %q", got)
	}
	// Without the flag the operator's own header is sent as it is.
	verbatim := start(t, "--header-ws=Sec-WebSocket-Protocol: mine", "cat")
	if got := verbatim.Connect(t).Header("Sec-WebSocket-Protocol"); got != "mine" {
		t.Errorf("--header-ws: echoed %q", got)
	}
}

// --header goes into every answer, --header-ws into the 101, --header-http into
// the others. The 101 has nothing else.
func TestHeaders(t *testing.T) {
	t.Parallel()
	s := start(t, "--header=X-All: all ", "--header-ws=X-Ws:ws", "--header-http=X-Http:  http", "--header=Server: mine",
		"--header=X-List: a", "--header=X-List: b", "cat")
	upgraded, plain := s.Connect(t), s.Ask(t, harness.Get("/"))
	for _, c := range []struct{ name, ws, http string }{
		{"X-All", "all", "all"}, {"X-Ws", "ws", ""}, {"X-Http", "", "http"}, {"Server", "mine", "mine"},
	} {
		if got := upgraded.Header(c.name); got != c.ws {
			t.Errorf("%s of the 101 is %q, expected %q", c.name, got, c.ws)
		}
		if got := plain.Header(c.name); got != c.http {
			t.Errorf("%s of the 404 is %q, expected %q", c.name, got, c.http)
		}
	}
	if got := upgraded.Response.Header["X-List"]; len(got) != 2 {
		t.Errorf("X-List: %q", got)
	}
	bare := start(t, "cat").Connect(t)
	for name := range bare.Response.Header {
		if name != "Upgrade" && name != "Connection" && name != "Sec-Websocket-Accept" {
			t.Errorf("the 101 has a header %s", name)
		}
	}
}

// An offered extension is not accepted: there is no compression here.
func TestNoExtensions(t *testing.T) {
	t.Parallel()
	s := start(t, "cat")
	c := s.Open(t, harness.Handshake("/").Add("Sec-WebSocket-Extensions", "permessage-deflate; client_max_window_bits"))
	if got := c.Header("Sec-WebSocket-Extensions"); got != "" {
		t.Errorf("accepted %q", got)
	}
	c.Echo(t, "plain")
}

// What came in the handshake's packet is read: one frame, many, half of one.
func TestFramesBehindTheHandshake(t *testing.T) {
	t.Parallel()
	s := start(t, "cat")
	one := string(harness.Frame{Fin: true, Op: harness.TextOp, Payload: []byte("one")}.Bytes())
	two := string(harness.Frame{Fin: true, Op: harness.TextOp, Payload: make([]byte, 3000)}.Bytes())
	for _, early := range []string{one, one + one + one, one[:2], two, one + two[:100]} {
		c := s.Dial(t)
		c.Send(t, harness.Handshake("/").String()+early)
		if err := c.ReadResponse(); err != nil || c.Status() != 101 {
			t.Fatalf("no 101: %v", err)
		}
		rest, expect := "", []string{"one"}
		switch early {
		case one + one + one:
			expect = []string{"one", "one", "one"}
		case one[:2]:
			rest = one[2:]
		case two:
			expect = []string{string(make([]byte, 3000))}
		case one + two[:100]:
			rest, expect = two[100:], []string{"one", string(make([]byte, 3000))}
		}
		c.Send(t, rest)
		c.Expect(t, expect...)
		c.Leave(t)
	}
}
