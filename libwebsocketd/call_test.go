//go:build unix

package libwebsocketd

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"websocketd/libwebsocketd/internal/testkit"
)

// TestConverse: while a client talks to the program it has named, that and its process are
// told with the counts, and the log has one beginning and one end, at once.
func TestConverse(t *testing.T) {
	t.Parallel()
	w := new(watcher)
	s := serve(t, Config{Observer: w, Dialects: []Dialect{byName{}}, Programs: []Program{{Name: "cat", Command: []string{"/bin/cat"}}}})
	c := s.dial(t, "/anywhere", http.Header{"Sec-WebSocket-Protocol": {"call-1"}})
	testkit.Eventually(t, "the conversation is known", func() bool { return len(s.Conversations()) == 1 })
	if one := s.Conversations()[0]; one.Program != "" || one.Pid != 0 || one.Path != "/anywhere" {
		t.Errorf("before the call: %+v", one)
	}
	c.WriteMessage(websocket.TextMessage, []byte("cat"))
	c.WriteMessage(websocket.TextMessage, []byte("hello"))
	mustRead(t, c, "hello") // no newline is added
	testkit.Eventually(t, "both directions are counted", func() bool {
		one := s.Conversations()[0]
		return one.ToClient == Tally{Messages: 1, Bytes: 5} && one.ToProgram == Tally{Messages: 1, Bytes: 5}
	})
	one := s.Conversations()[0]
	if err := syscall.Kill(one.Pid, 0); one.Program != "cat" || err != nil {
		t.Errorf("%+v, %v", one, err)
	}
	c.WriteMessage(websocket.CloseMessage, nil)
	mustEnd(t, c, 1005, "")
	testkit.Eventually(t, "the Observer knows all", func() bool { return len(w.all()) == 4 })
	want := []string{"began ", "ended cat 1 5: client closed: 1005", "exited cat exit status 0", "started cat"}
	if got := slices.Sorted(slices.Values(w.all())); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if got := s.log.Category("session"); len(got) != 2 || got[0] != "CONNECT" || !strings.HasPrefix(got[1], "DISCONNECT ending=client closed: 1005 exit=exit status 0 ") {
		t.Errorf("the log has %q", got)
	}
}

// TestConverseKick: such a conversation can be ended from outside.
func TestConverseKick(t *testing.T) {
	t.Parallel()
	s := serve(t, Config{Dialects: []Dialect{byName{}}, Programs: []Program{{Name: "cat", Command: []string{"/bin/cat"}}}})
	c := s.call(t, "cat", nil)
	c.WriteMessage(websocket.TextMessage, []byte("x"))
	mustRead(t, c, "x")
	if !s.Kick(s.Conversations()[0].ID, 4321, "enough") {
		t.Error("nothing was kicked")
	}
	mustEnd(t, c, 4321, "enough")
}

// TestNoConverse: a Dialect that talks to no program has one beginning and one end, too.
func TestNoConverse(t *testing.T) {
	t.Parallel()
	s := serve(t, Config{Dialects: []Dialect{byName{}}, Programs: []Program{{Name: "cat", Command: []string{"/bin/cat"}}}})
	c := s.call(t, "none", nil)
	mustRead(t, c, `404 there is no program "none"`)
	mustEnd(t, c, 1000, "")
	testkit.Eventually(t, "the end is logged", func() bool { return len(s.log.Category("session")) == 2 })
	if got := s.log.Category("session"); got[0] != "CONNECT" || !strings.HasPrefix(got[1], "DISCONNECT ending=closed with 1000: ") {
		t.Errorf("the log has %q", got)
	}
}

// TestStartProcess: what is given stands after the program's arguments, one by one, and the
// framing is raw whatever the program's is.
func TestStartProcess(t *testing.T) {
	t.Parallel()
	count := Program{Name: "count", Command: []string{"/bin/sh", "-c", `printf "%s;" $# "$@"; printf "\n\n-"`, "sh", "own"},
		Settings: Settings{Framing: FramingNDJSON, MaxLine: 4, Lifetime: doors{}}}
	s := serve(t, Config{Programs: []Program{count}, Dialects: []Dialect{byName{}}})
	c := s.call(t, `count a "$HOME" *`, nil)
	var said string
	for kind, data, err := c.ReadMessage(); err == nil; kind, data, err = c.ReadMessage() {
		said += string(data)
		if kind != websocket.TextMessage {
			t.Errorf("%q is of kind %d", data, kind)
		}
	}
	if want := "4;own;a;\"$HOME\";*;\n\n-"; said != want {
		t.Errorf("%q, want %q", said, want)
	}
}

// TestStartProcessLimits: such a process counts like every other.
func TestStartProcessLimits(t *testing.T) {
	t.Parallel()
	s := serve(t, Config{MaxForks: 2, Dialects: []Dialect{byName{}}, Programs: []Program{
		{Name: "cat", Command: []string{"/bin/cat"}}, {Name: "one", Command: []string{"/bin/cat"}, MaxForks: 1},
		{Name: "none", Command: []string{"/nosuch"}}}})
	echo := func(name string) *websocket.Conn {
		t.Helper()
		c := s.call(t, name, nil)
		c.WriteMessage(websocket.TextMessage, []byte("x"))
		mustRead(t, c, "x")
		return c
	}
	one := echo("one")
	if got := s.says(t, "one", nil); !strings.HasPrefix(got, "429 ") || !strings.Contains(got, "program one") {
		t.Errorf("the second of one: %q", got)
	}
	const gone = "404 the program does not exist"
	if got := s.says(t, "none", nil); got != gone {
		t.Errorf("a program that is not there: %q", got)
	}
	echo("cat") // its slot was given back
	if got := s.says(t, "cat", nil); !strings.HasPrefix(got, "429 ") {
		t.Errorf("the third of two: %q", got)
	}
	one.Close()
	testkit.Eventually(t, "there is a slot", func() bool { return s.says(t, "none", nil) == gone })
	echo("cat")
}

// TestStartProcessAhead: a process that was started ahead is for a call without arguments,
// which its command line has none of. It gets the request as its first line.
func TestStartProcessAhead(t *testing.T) {
	t.Parallel()
	p := Program{Name: "p", Command: []string{"/bin/sh", "-c", `echo "$# $PREFORKED"; exec cat`, "sh"}, Settings: Settings{Prefork: 1}}
	s := serve(t, Config{Programs: []Program{p}, Dialects: []Dialect{byName{}}})
	s.full(t, 1)
	if got := s.says(t, "p a", nil); got != "1 \n" {
		t.Errorf("with an argument: %q", got)
	}
	s.full(t, 1)
	if got := s.says(t, "p", nil); got != "0 1\n" {
		t.Errorf("without: %q", got)
	}
}

// TestCallThrottle: the rate of the program that is named holds from its call on.
func TestCallThrottle(t *testing.T) {
	t.Parallel()
	rated := Program{Name: "cat", Command: []string{"/bin/cat"}, Settings: Settings{MessageRate: Rate{N: 2, Per: time.Second}}}
	s := serve(t, Config{Programs: []Program{rated}, Dialects: []Dialect{byName{}}})
	c := s.call(t, "cat", nil)
	c.WriteMessage(websocket.TextMessage, []byte("x"))
	mustRead(t, c, "x") // what has come with the call is not held back
	began := time.Now()
	for i := range 4 {
		c.WriteMessage(websocket.TextMessage, []byte(fmt.Sprint(i)))
	}
	for came := ""; came != "0123"; {
		_, data, err := c.ReadMessage()
		if came += string(data); err != nil {
			t.Fatalf("after %q: %v", came, err)
		}
	}
	if took := time.Since(began); took < time.Second { // the last two waited for half a second each
		t.Errorf("they have come within %s", took)
	}
}
