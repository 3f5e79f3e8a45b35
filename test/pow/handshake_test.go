package pow

import (
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"

	"websocketd/test/harness"
)

const cat = `
[program.cat]
command = ["cat"]
`

// A client that offers pow-1 is accepted with it, anywhere below the base.
func TestHandshake(t *testing.T) {
	t.Parallel()
	s := serve(t, cat)
	for what, r := range map[string]harness.Request{
		"alone":              offering("/pow/"),
		"in a list":          harness.Handshake("/pow/").Add("Sec-WebSocket-Protocol", "other, pow-1"),
		"in two lines":       harness.Handshake("/pow/").Add("Sec-WebSocket-Protocol", "other").Add("Sec-WebSocket-Protocol", "pow-1"),
		"below the base":     offering("/pow/any/thing?x=y"),
		"new":                offering("/pow/new"),
		"without the slash":  offering("/pow"),
		"its own origin":     offering("/pow/").Origin("http://localhost"),
		"compression wanted": offering("/pow/").Add("Sec-WebSocket-Extensions", "permessage-deflate"),
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			c := call{s.Open(t, r)}
			if got := c.Header("Sec-WebSocket-Protocol"); got != "pow-1" {
				t.Errorf("the protocol is %q", got)
			}
			if got := c.Header("Sec-WebSocket-Extensions"); got != "" {
				t.Errorf("the extensions are %q", got)
			}
			c.control(t, message("cat"))
			c.control(t, signalClose)
			c.wants(t, "", null)
		})
	}
}

// Others are refused with one clean answer, and nothing is started.
func TestHandshakeRefused(t *testing.T) {
	t.Parallel()
	s := serve(t, cat)
	const why = "403 Forbidden: client does not support required pow-1 subprotocol\n"
	for what, c := range map[string]struct {
		request harness.Request
		status  int
		body    string
	}{
		"nothing offered": {harness.Handshake("/pow/"), http.StatusForbidden, why},
		"another one":     {harness.Handshake("/pow/").Add("Sec-WebSocket-Protocol", "pow-2"), http.StatusForbidden, why},
		"another case":    {harness.Handshake("/pow/").Add("Sec-WebSocket-Protocol", "POW-1"), http.StatusForbidden, why},
		"as a token":      {harness.Handshake("/pow/").Add("Sec-WebSocket-Protocol", "bearer.pow-1"), http.StatusForbidden, why},
		"another origin":  {offering("/pow/").Origin("http://example.com"), http.StatusForbidden, ""},
		"another host":    {offering("/pow/").Host("example.com"), http.StatusMisdirectedRequest, ""},
		"no key":          {offering("/pow/").Without("Sec-WebSocket-Key"), http.StatusBadRequest, ""},
		"another version": {offering("/pow/").With("Sec-WebSocket-Version", "8"), http.StatusUpgradeRequired, ""},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			conn := s.Ask(t, c.request)
			if conn.Status() != c.status || c.body != "" && conn.Body != c.body {
				t.Errorf("%d %q, not %d %q", conn.Status(), conn.Body, c.status, c.body)
			}
			if got := conn.Header("Content-Type"); !strings.HasPrefix(got, "text/plain") {
				t.Errorf("the answer is %s", got)
			}
			if conn.Header("Upgrade") == "websocket" && c.status != http.StatusUpgradeRequired {
				t.Error("the answer says Upgrade")
			}
			if more, err := conn.ReadFrame(); err == nil {
				t.Errorf("after the answer comes %+v", more)
			}
		})
	}
}

// A NUL below the base is refused, as it is in the URL of a program.
func TestNUL(t *testing.T) {
	t.Parallel()
	s := serve(t, cat)
	for _, r := range []harness.Request{
		harness.Handshake("/cat/%00"), offering("/pow/%00"), offering("/pow/a%00b?x"),
		harness.Get("/pow/%00"), harness.Get("/pow/status/%00"), harness.Post("/pow/new%00", message("cat")), harness.Post("/pow/input/%00x", "x"),
	} {
		if c := s.Ask(t, r); c.Status() != http.StatusBadRequest || c.Body != "400 Bad Request: the URL contains a NUL\n" {
			t.Errorf("%s %s: %d %s", r.Method, r.Target, c.Status(), c.Body)
		}
	}
}

// The base is where --pow says, and elsewhere nothing of pow-1 is spoken.
func TestBase(t *testing.T) {
	t.Parallel()
	s := harness.Start(t, harness.Binary(t), "--config="+config(t, "[program.cat]\ncommand = [\"cat\"]\npath = \"/cat\"\n"), "--pow=/calls/here/")
	c := call{s.Open(t, offering("/calls/here/"))}
	c.control(t, message("cat"))
	c.control(t, signalClose)
	c.wants(t, "", null)
	if c := s.Ask(t, offering("/pow/")); c.Status() != http.StatusNotFound {
		t.Errorf("/pow/: %d", c.Status())
	}
	plain := s.Open(t, offering("/cat")) // a program at its path is a program
	plain.Echo(t, "line")
	plain.Leave(t)
}

// Once the server goes away, a handshake on a connection that is open already gets 503, if it
// is not closed before.
func TestHandshakeAtTheEnd(t *testing.T) {
	t.Parallel()
	s := serve(t, shell("tells", `trap 'echo int' INT; sleep 1000 >/dev/null & echo up; wait; wait`), "--closems=2000")
	c := begin(t, s, "tells")
	c.says(t, "up\n")
	late, request := s.Dial(t), offering("/pow/").String()
	late.Send(t, request[:10])
	s.Signal(t, syscall.SIGTERM)
	c.says(t, "int\n")
	io.WriteString(late, request[10:]) // which may fail
	if err := late.ReadResponse(); err == nil && late.Status() != http.StatusServiceUnavailable {
		t.Errorf("%d %s", late.Status(), late.Body)
	}
	c.wants(t, "", failed(goingAway+" (signal: SIGTERM)"))
}
