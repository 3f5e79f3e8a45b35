//go:build unix

package control

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/hub"
	"websocketd/libwebsocketd/internal/testkit"
	"websocketd/libwebsocketd/process"
	"websocketd/libwebsocketd/session"
	"websocketd/libwebsocketd/shared"
)

// observed is a server, and a Control that observes it.
type observed struct {
	*Control
	t         *testing.T
	front, ws string // the server, and the hub
}

// observe serves programs until the end of the test. Their scripts are run by sh.
func observe(t *testing.T, programs ...libwebsocketd.Program) *observed {
	t.Helper()
	c := New(Options{Name: "main"})
	for i := range programs {
		programs[i].CloseDelay = 0
		programs[i].PassEnv = []string{"PATH"}
	}
	s, err := libwebsocketd.New(libwebsocketd.Config{Programs: programs, Observer: c})
	if err != nil {
		t.Fatal(err)
	}
	c.Steer(s)
	front, back := httptest.NewServer(s), httptest.NewServer(c.hub.Handler())
	t.Cleanup(func() {
		if err := s.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
		c.Close()
		front.Close()
		back.Close()
	})
	return &observed{c, t, "ws" + strings.TrimPrefix(front.URL, "http"), "ws" + strings.TrimPrefix(back.URL, "http")}
}

// script returns a program that is a shell script.
func script(name, text string, of ...func(*libwebsocketd.Program)) libwebsocketd.Program {
	p := libwebsocketd.Program{Name: name, Path: "/" + name, Command: []string{"/bin/sh", "-c", text}}
	for _, change := range of {
		change(&p)
	}
	return p
}

func (o *observed) dial(url string) *websocket.Conn {
	o.t.Helper()
	c, _, err := websocket.DefaultDialer.Dial(url, nil)
	if err != nil {
		o.t.Fatal(err)
	}
	o.t.Cleanup(func() { c.Close() })
	c.SetReadDeadline(time.Now().Add(testkit.Patience))
	return c
}

// run talks to a program until it ends the conversation. Its first message is what it says first.
func (o *observed) run(path string) (first string) {
	o.t.Helper()
	c := o.dial(o.front + path)
	for {
		_, data, err := c.ReadMessage()
		if err != nil {
			return first
		}
		if first == "" {
			first = string(data)
		}
	}
}

// feed is a subscriber of the channel of a process.
type feed struct {
	*websocket.Conn
	t   *testing.T
	id  string
	seq uint64
}

// follow subscribes to the channel of a process, with everything that is kept of it.
func (o *observed) follow(id string) *feed {
	f := &feed{o.dial(o.ws), o.t, id, 0}
	f.WriteMessage(websocket.TextMessage, fmt.Appendf(nil, `{"type":"subscribe","data":"process:%s","after":"none:0"}`, id))
	return f
}

// next returns what the subscriber gets next, but for the answer to its subscription: a line, or
// a status as [running 0], or [error].
func (f *feed) next() string {
	f.t.Helper()
	for {
		_, data, err := f.ReadMessage()
		if err != nil {
			f.t.Fatal(err)
		}
		var m struct {
			Type, ProcessID string
			Data            json.RawMessage
			Seq             uint64
		}
		if err := json.Unmarshal(data, &m); err != nil {
			f.t.Fatalf("%s: %v", data, err)
		}
		if m.Type == hub.TypeError {
			return "[error]"
		}
		if m.Type == hub.TypeSubscribed {
			continue
		}
		if f.seq++; m.Seq != f.seq || m.ProcessID != f.id {
			f.t.Errorf("message %d of %s is %s", f.seq, f.id, data)
		}
		return describe(m.Data)
	}
}

// must reads what the subscriber gets next, and compares.
func (f *feed) must(want ...string) {
	f.t.Helper()
	var got []string
	for len(got) < len(want) {
		got = append(got, f.next())
	}
	if !slices.Equal(got, want) {
		f.t.Errorf("%s: %q, want %q", f.id, got, want)
	}
}

func describe(data json.RawMessage) string {
	var line string
	var status hub.Status
	switch {
	case json.Unmarshal(data, &line) == nil:
		return line
	case json.Unmarshal(data, &status) == nil:
		return fmt.Sprintf("[%s %d]", status.Status, status.ExitCode)
	}
	return string(data)
}

// TestHubRunsAtOnce: a Control that is made lets clients of its hub in.
func TestHubRunsAtOnce(t *testing.T) {
	t.Parallel()
	for range 100 {
		c, w := New(Options{}), httptest.NewRecorder()
		c.hub.Handler()(w, httptest.NewRequest("GET", "/ws", nil))
		if c.Close(); w.Code != 426 { // it is no handshake
			t.Fatalf("%d %s", w.Code, w.Body)
		}
	}
}

// TestChannelOfAProcess: a process says that it runs, then its lines, then how it has ended.
func TestChannelOfAProcess(t *testing.T) {
	t.Parallel()
	tagged := func(p *libwebsocketd.Program) { p.Stderr = libwebsocketd.StderrTag }
	ndjson := func(p *libwebsocketd.Program) { p.Framing, p.CloseDelay = "ndjson", time.Minute } // its end is its own
	binary := func(p *libwebsocketd.Program) { p.Binary = true }
	o := observe(t,
		script("lines", `echo $UNIQUE_ID; echo; echo b; exit 3`),
		script("killed", `echo $UNIQUE_ID; kill -9 $$`),
		script("tagged", `echo $UNIQUE_ID; sleep 0.1; echo e >&2; exit 0`, tagged),
		script("broken", `echo "\"$UNIQUE_ID\""; echo '{}'; echo no; head -c 2000000 /dev/zero | tr '\000' x; echo e >&2; exit 4`, ndjson),
		script("binary", `printf $UNIQUE_ID; exit 1`, binary),
		script("none", ``, func(p *libwebsocketd.Program) { p.Command = []string{"/no/such/program"} }),
	)
	id := o.run("/lines")
	o.follow(id).must("[running 0]", id, "", "b", "[exited 3]")
	id = o.run("/killed")
	o.follow(id).must("[running 0]", id, "[killed -1]")
	var line struct{ Data string }
	json.Unmarshal([]byte(o.run("/tagged")), &line)
	o.follow(line.Data).must("[running 0]", line.Data, "e", "[exited 0]")
	json.Unmarshal([]byte(o.run("/broken")), &id)
	o.follow(id).must("[running 0]", `"`+id+`"`, "{}", "no", "e", "[exited 4]")
	id = o.run("/binary")
	encoded, _ := json.Marshal([]byte(id))
	o.follow(id).must("[running 0]", strings.Trim(string(encoded), `"`), "[exited 1]")

	all := &feed{o.dial(o.ws), t, "", 0}
	testkit.Eventually(t, "it is a client", func() bool {
		return slices.ContainsFunc(o.hub.Clients(), func(c *hub.Client) bool { return c.Remote == all.LocalAddr().String() })
	})
	if _, answer, err := websocket.DefaultDialer.Dial(o.front+"/none", nil); err == nil || answer.StatusCode != 404 {
		t.Fatalf("%v", answer)
	}
	all.must("[error]")
}

// TestChannelAfterItsClient: a process whose client has left is followed to its end.
func TestChannelAfterItsClient(t *testing.T) {
	t.Parallel()
	o := observe(t, script("p", `trap 'echo last; exit 9' INT TERM; echo $UNIQUE_ID; while read x; do :; done; i=0; while [ $i -lt 2000 ]; do i=$((i+1)); echo $i; done; while :; do sleep 0.01; done`))
	c := o.dial(o.front + "/p")
	_, id, err := c.ReadMessage()
	if err != nil {
		t.Fatal(err)
	}
	c.Close() // without a close frame, and with nobody to read the lines
	follower := o.follow(string(id))
	last, before := "", ""
	for last != "[exited 9]" {
		last, before = follower.next(), last
	}
	if before != "last" {
		t.Errorf("the last line is %q", before)
	}
}

// TestChannelOfShared: a process that is restarted goes on in its channel.
func TestChannelOfShared(t *testing.T) {
	t.Parallel()
	o := observe(t, script("p", `echo up; read x; echo $x; exit 3`, func(p *libwebsocketd.Program) {
		p.Lifetime = shared.Lifetime{Restart: shared.RestartAlways}
	}))
	o.dial(o.front + "/p")
	follower := o.follow("p")
	follower.must("[running 0]", "up")
	send, _ := o.senderOf("p")
	if err := send(context.Background(), bridge.Message{Kind: bridge.Text, Data: []byte("down")}); err != nil {
		t.Fatal(err)
	}
	follower.must("down", "[exited 3]", "[running 0]", "up")
}

// TestChannelOfSeveral: processes that have one channel are told as running until none is left,
// and messages for it go to the latest that is there.
func TestChannelOfSeveral(t *testing.T) {
	t.Parallel()
	o := observe(t, script("p", `echo up $PATH_INFO; read x; echo down $x $PATH_INFO; exit $x`, func(p *libwebsocketd.Program) {
		p.Lifetime = shared.Lifetime{}
	}))
	follower := o.follow("p")
	o.dial(o.front + "/p/1")
	follower.must("[running 0]", "up /1")
	o.dial(o.front + "/p/2")
	follower.must("up /2")
	for _, test := range []struct{ say, want string }{{"2", "down 2 /2"}, {"1", "down 1 /1"}} {
		send, _ := o.senderOf("p")
		if err := send(context.Background(), bridge.Message{Kind: bridge.Text, Data: []byte(test.say)}); err != nil {
			t.Fatal(err)
		}
		follower.must(test.want)
		if test.say == "2" {
			testkit.Eventually(t, "one is left", func() bool {
				o.mu.Lock()
				defer o.mu.Unlock()
				return len(o.followers["p"]) == 1
			})
		}
	}
	follower.must("[exited 1]")
	if send, runs := o.senderOf("p"); send != nil || runs || len(o.followers) != 0 {
		t.Errorf("%v", o.followers)
	}
}

// TestChannelOfSession: the channel of a session has its ID.
func TestChannelOfSession(t *testing.T) {
	t.Parallel()
	o := observe(t, script("p", `echo $SESSION_ID; read x; echo $x >&2; exit 2`, func(p *libwebsocketd.Program) {
		p.Lifetime = session.Lifetime{Resume: time.Minute}
	}))
	c := o.dial(o.front + "/p")
	_, id, err := c.ReadMessage()
	if err != nil {
		t.Fatal(err)
	}
	follower := o.follow(string(id))
	follower.must("[running 0]", string(id))
	c.WriteMessage(websocket.TextMessage, []byte("well"))
	follower.must("well", "[exited 2]")
}

// TestChannelKeepsNothing: what a process has written is its Endpoint's again when it was shown.
func TestChannelKeepsNothing(t *testing.T) {
	t.Parallel()
	o := observe(t, script("unused", ``))
	tap := o.Started(libwebsocketd.Process{Program: "p"})
	line := []byte("one")
	tap.Output([]bridge.Message{{Kind: bridge.Text, Data: line}})
	copy(line, "two")
	tap.Stderr(line)
	copy(line, "xxx")
	tap.Ended(process.Ending{Code: -1})
	o.follow("p").must("[running 0]", "one", "two", "[killed -1]")
}
