//go:build unix

package libwebsocketd

import (
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/gorilla/websocket"

	"websocketd/libwebsocketd/gate"
	"websocketd/libwebsocketd/internal/testkit"
	"websocketd/libwebsocketd/stdio"
	"websocketd/libwebsocketd/ws"
)

// byName is a Dialect as small as can be whose clients name their program: the first message
// is the name and its parameters.
type byName struct{}

func (byName) NamesPrograms() {}

func (byName) Speaks(r *http.Request, _ *Program) bool {
	return slices.Contains(Subprotocols(r), "call-1")
}

func (byName) Accept(req *Request) (Acceptance, *gate.Refusal) {
	if req.Program() != nil {
		return Acceptance{}, &gate.Refusal{Status: http.StatusTeapot, Reason: "there is a program"}
	}
	return Acceptance{Protocol: "call-1"}, nil
}

func (byName) Serve(req *Request, client *ws.Endpoint) {
	batch, err := client.Receive()
	if err != nil {
		return
	}
	say := func(text string) { client.Send([]Message{{Kind: Text, Data: []byte(text)}}) }
	words := strings.Fields(string(batch[0].Data))
	at, refusal := req.Named(words[0])
	if refusal == nil {
		if err := at.CheckParams(words[1:]); err != nil {
			say(err.Error())
			return
		}
		var own *stdio.Endpoint
		if own, refusal = at.StartProcess(words[1:], stdio.FramingRaw); refusal == nil {
			client.Adopt(at.Program().MessageRate.Throttle(), own.Leaving)
			req.Converse(at, own, &rested{client, batch[1:]})
			return
		}
	}
	say(strconv.Itoa(refusal.Status) + " " + refusal.Reason)
}

// rested is a client of whom something has been received already.
type rested struct {
	*ws.Endpoint
	rest []Message
}

func (r *rested) ReceiveEach(each func([]Message)) error {
	if len(r.rest) > 0 {
		each(r.rest)
	}
	return r.Endpoint.ReceiveEach(each)
}

// call opens a connection and calls a program.
func (s *serving) call(t *testing.T, words string, header http.Header) *websocket.Conn {
	t.Helper()
	if header == nil {
		header = http.Header{}
	}
	header.Set("Sec-WebSocket-Protocol", "call-1")
	c := s.dial(t, "/anywhere", header)
	c.WriteMessage(websocket.TextMessage, []byte(words))
	return c
}

// says returns the first message to a client that calls, and leaves.
func (s *serving) says(t *testing.T, words string, header http.Header) string {
	t.Helper()
	c := s.call(t, words, header)
	defer c.Close()
	_, data, err := c.ReadMessage()
	if err != nil {
		t.Errorf("%q: %v", words, err)
	}
	return string(data)
}

// TestNamed: a program is called by its name, wherever it is served, and a script by its path
// below Dir; no name leads anywhere else.
func TestNamed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "sub", ".git"), 0o755); err != nil {
		t.Fatal(err)
	}
	writeFile(t, dir, "hi", "#!/bin/sh\n", 0o755)
	writeFile(t, dir, "both", "#!/bin/sh\n", 0o755)
	writeFile(t, dir, "text.txt", "", 0o644)
	writeFile(t, dir, "sub/count.sh", "#!/bin/sh\n", 0o755)
	writeFile(t, dir, "sub/.git/hook", "#!/bin/sh\n", 0o755)
	writeFile(t, filepath.Dir(dir), "outside-"+filepath.Base(dir), "#!/bin/sh\n", 0o755)
	if err := os.Symlink("/bin/sh", filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	s, err := New(Config{Dir: dir, Programs: []Program{
		{Name: "cat", Command: []string{"/bin/cat"}},
		{Name: "deep", Path: "/a/b", Command: []string{"/bin/cat", "-u"}},
		{Name: "both", Command: []string{"/bin/echo"}},
		{Name: "a/b c", Path: "/c", Command: []string{"/bin/ls"}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Shutdown(t.Context())
	for name, want := range map[string]string{
		"cat": "/bin/cat at /cat", "deep": "/bin/cat -u at /a/b", "a/b c": "/bin/ls at /c",
		"both": "/bin/echo at /both", // not the script
		"hi":   dir + "/hi at /hi", "sub/count.sh": dir + "/sub/count.sh at /sub/count.sh",
	} {
		to, refusal := s.named(name)
		if refusal != nil {
			t.Errorf("%q: %v", name, refusal)
			continue
		}
		resolved, _ := filepath.EvalSymlinks(dir)
		if got := strings.Replace(strings.Join(to.argv, " "), resolved, dir, 1) + " at " + to.scriptName; got != want || to.pathInfo != "" || to.program == nil {
			t.Errorf("%q: %s, %q; want %s", name, got, to.pathInfo, want)
		}
	}
	for _, name := range []string{
		"", "/", ".", "..", "Cat", "cat ", " cat", "/cat", "cat/", "cat/x", "a/b", "/a/b", "anywhere", "cat\x00",
		"/hi", "hi/", "hi/more", "./hi", "sub/../hi", "sub//count.sh", "sub", "sub/", "sub/.git/hook", "text.txt", "link",
		"../outside-" + filepath.Base(dir), filepath.Join(dir, "hi"), "sub/count.sh\x00", "/bin/sh", "%63at", "hi?", "sub%2Fcount.sh",
	} {
		if to, refusal := s.named(name); refusal == nil || refusal.Status != http.StatusNotFound || to.program != nil {
			t.Errorf("%q leads to %q, %v", name, to.argv, refusal)
		}
	}
}

// TestNamedAtRoot: the program of the path / is told that nothing follows it.
func TestNamedAtRoot(t *testing.T) {
	t.Parallel()
	root := Program{Name: "root", Path: "/", Command: []string{"/bin/sh", "-c", `echo "$SCRIPT_NAME|$PATH_INFO|$REQUEST_URI"`}}
	s := serve(t, Config{Programs: []Program{root}, Dialects: []Dialect{byName{}}})
	if got := s.says(t, "root", nil); got != "/|/|/anywhere\n" {
		t.Errorf("%q", got)
	}
}

// ofTokens returns the header of a client that shows a token.
func ofTokens(user string) http.Header {
	if user == "" {
		return nil
	}
	return http.Header{"Authorization": {"Bearer token-of-" + user}}
}

// sayUser is a program that tells its user.
func sayUser(name string, settings Settings) Program {
	return Program{Name: name, Command: []string{"/bin/sh", "-c", `printf "%s %s" ` + name + ` "$REMOTE_USER"`}, Settings: settings}
}

// TestNamedCredentials: a client is let in that may reach some program, and each program
// checks again who calls it.
func TestNamedCredentials(t *testing.T) {
	t.Parallel()
	all := []Program{sayUser("any", Settings{}), sayUser("anns", Settings{Allow: []string{"ann"}}), sayUser("open", Settings{Auth: []string{"none"}})}
	g := serveGuarded(t, Config{Programs: all, Dialects: []Dialect{byName{}}})
	for _, test := range []struct{ user, name, want string }{
		{"ann", "any", "any ann"}, {"ann", "anns", "anns ann"}, {"ann", "open", "open ann"},
		{"bob", "any", "any bob"}, {"bob", "anns", "403 "}, {"bob", "open", "open bob"},
		{"", "any", "401 credentials are needed here"}, {"", "anns", "401 "}, {"", "open", "open "},
		{"", "none", "404 "}, {"ann", "none", "404 "},
	} {
		if got := g.says(t, test.name, ofTokens(test.user)); !strings.HasPrefix(got, test.want) {
			t.Errorf("%q calls %s: %q", test.user, test.name, got)
		}
	}
	if status, _ := g.handshake(t, "/", "Sec-WebSocket-Protocol: call-1\nAuthorization: Bearer wrong\n"); status != 401 {
		t.Errorf("with a wrong token: %d", status)
	}
	closed := serveGuarded(t, Config{Programs: all[:2], Dialects: []Dialect{byName{}}})
	if status, _ := closed.handshake(t, "/", "Sec-WebSocket-Protocol: call-1\n"); status != 401 {
		t.Errorf("where each program wants something: %d", status)
	}
	// Another program is let in by what the Reload makes of it.
	if err := closed.Reload(all[2:]); err != nil {
		t.Fatal(err)
	}
	if got := closed.says(t, "open", nil); got != "open " {
		t.Errorf("after the Reload: %q", got)
	}
}

// TestNamedTicket: a ticket proves who calls, once.
func TestNamedTicket(t *testing.T) {
	t.Parallel()
	g := serveGuarded(t, Config{Programs: []Program{sayUser("any", Settings{})}, Dialects: []Dialect{byName{}}})
	ticket, _ := g.ticket(t, "ann")
	c := g.dial(t, "/?token="+ticket, http.Header{"Sec-WebSocket-Protocol": {"call-1"}})
	c.WriteMessage(websocket.TextMessage, []byte("any"))
	mustRead(t, c, "any ann")
	if status, _ := g.handshake(t, "/?token="+ticket, "Sec-WebSocket-Protocol: call-1\n"); status != 403 {
		t.Errorf("again: %d", status)
	}
}

// TestNamedOrigins: a page is let in that may reach some program, and reaches no other.
func TestNamedOrigins(t *testing.T) {
	t.Parallel()
	s := serve(t, Config{Dialects: []Dialect{byName{}}, Programs: []Program{
		sayUser("own", Settings{}), sayUser("good", Settings{Origins: []string{"good.example"}})}})
	from := func(origin string) http.Header { return http.Header{"Origin": {origin}} }
	if got := s.says(t, "good", from("http://good.example")); got != "good " {
		t.Errorf("the good page calls good: %q", got)
	}
	if got := s.says(t, "own", from("http://good.example")); !strings.HasPrefix(got, "403 ") {
		t.Errorf("the good page calls own: %q", got)
	}
	if got := s.says(t, "own", from("http://"+s.addr)); got != "own " {
		t.Errorf("our page calls own: %q", got)
	}
	if got := s.says(t, "good", from("http://"+s.addr)); !strings.HasPrefix(got, "403 ") {
		t.Errorf("our page calls good: %q", got)
	}
	header := from("http://bad.example")
	header.Set("Sec-WebSocket-Protocol", "call-1")
	if _, answer, _ := s.tryDial("/", header); answer == nil || answer.StatusCode != http.StatusForbidden {
		t.Errorf("the bad page: %+v", answer)
	}
}

// TestNamedSeats: a conversation keeps its seat until it ends, and one that is refused none.
func TestNamedSeats(t *testing.T) {
	t.Parallel()
	s := serve(t, Config{MaxPerIP: 1, Dialects: []Dialect{byName{}}, Programs: []Program{{Name: "cat", Command: []string{"/bin/cat"}}}})
	c := s.call(t, "cat", nil)
	c.WriteMessage(websocket.TextMessage, []byte("x"))
	mustRead(t, c, "x")
	header := http.Header{"Sec-WebSocket-Protocol": {"call-1"}}
	if _, answer, _ := s.tryDial("/", header); answer == nil || answer.StatusCode != http.StatusTooManyRequests {
		t.Errorf("the second: %+v", answer)
	}
	c.WriteMessage(websocket.CloseMessage, nil)
	mustEnd(t, c, 1005, "")
	for range 3 {
		testkit.Eventually(t, "there is a seat", func() bool {
			c, _, err := s.tryDial("/", header)
			if err != nil {
				return false
			}
			defer c.Close()
			c.WriteMessage(websocket.TextMessage, []byte("none"))
			_, data, _ := c.ReadMessage()
			return strings.HasPrefix(string(data), "404 ")
		})
	}
}
