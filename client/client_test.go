package client

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/ws"
)

// patience is how long a test waits for what must happen.
const patience = 2 * time.Minute

// TestResume: whatever is cut off goes on, with nothing lost and nothing twice.
func TestResume(t *testing.T) {
	t.Parallel()
	for _, lifetime := range []string{lifetimeShared, lifetimeSession, lifetimeSupervised} {
		p, address := newProgram(t, lifetime)
		if lifetime == lifetimeSession {
			p.epoch = ""
		}
		o, l := quick()
		c := dial(t, strings.Replace(address, "http", "ws", 1), o)
		p.say("a", "b")
		expect(t, c, 1, "a", "b")
		p.cut(t)
		p.say("c")
		expect(t, c, 3, "c")
		p.cut(t)
		p.say("d", "e")
		p.set(func() { p.ended = &bridge.CloseWith{Code: 4003, Reason: "exit status 3"} })
		expect(t, c, 4, "d", "e")
		err := ends(t, c, "exit status 3")
		if ending := new(Ending); !errors.As(err, &ending) || ending.ExitStatus() != 3 {
			t.Error(err)
		}
		if got := l.took(); got != "opened by websocket, lost: the connection broke off, resumed by websocket, lost: the connection broke off, resumed by websocket" {
			t.Error(got)
		}
		want := "state ws:E1:0 state ws:E1:2 state ws:E1:3"
		if lifetime == lifetimeSession {
			want = "state new " + want
			if c.Session() != (Session{"id1", "secret1"}) {
				t.Error(c.Session())
			}
		}
		if got := p.log(); got != want {
			t.Errorf("%s: %s", got, want)
		}
		if c.Position() != "E1:5" {
			t.Error(c.Position())
		}
	}
}

// TestMissed: what is not kept any more is told before what follows.
func TestMissed(t *testing.T) {
	t.Parallel()
	p, address := newProgram(t, lifetimeShared)
	p.say("1", "2", "3")
	p.first = 3
	o, l := quick()
	c := dial(t, address, o)
	expect(t, c, 3, "3")
	p.set(func() { p.first, p.answer, p.sentence, p.refusals = 10, 503, "busy", 1 })
	p.cut(t)
	p.say("4", "5", "6", "7", "8", "9", "10", "11")
	expect(t, c, 10, "10", "11")
	p.set(func() { p.epoch, p.first, p.messages = "E2", 2, []string{"one", "two"} })
	p.cut(t)
	expect(t, c, 2, "two")
	if got := l.took(); got != "opened by websocket, lost: the connection broke off, lost: 503 Service Unavailable: busy, "+
		"resumed by websocket, missed 6, lost: the connection broke off, opened by websocket, missed some" {
		t.Error(got)
	}
}

// TestBeginning: what a server keeps of the beginning comes first, and once.
func TestBeginning(t *testing.T) {
	t.Parallel()
	p, address := newProgram(t, lifetimeShared)
	p.say("1", "2", "3", "4", "5")
	p.first = 5
	p.beginning = `{"epoch":"E1","pending":[{"seq":1,"data":"1"},{"seq":2,"base64":"AP8="},{"gap":{"from":3,"to":4}},{"seq":5,"data":"5"}],"ended":null}`
	o, l := quick()
	c := dial(t, address, o)
	expect(t, c, 1, "1", "\x00\xff")
	expect(t, c, 5, "5")
	p.cut(t)
	p.say("6")
	expect(t, c, 6, "6")
	if got := l.took(); got != "opened by websocket, lost: the connection broke off, resumed by websocket" {
		t.Error(got)
	}
	c = dial(t, address, nil)
	var got []string
	p.set(func() { p.ended = &bridge.CloseWith{Code: 4001, Reason: "exit status 1"} })
	c.ReceiveEach(func(batch []bridge.Message) {
		for _, m := range batch {
			got = append(got, string(m.Data))
		}
	})
	if strings.Join(got, " ") != "1 \x00\xff 5 6" {
		t.Errorf("%q", got)
	}
}

// TestNothingRuns: while no process runs there is no epoch to come back with. The first
// client starts one, and what comes is held back until the epoch is known.
func TestNothingRuns(t *testing.T) {
	t.Parallel()
	p, address := newProgram(t, lifetimeShared)
	p.epoch = ""
	o, _ := quick()
	c := dial(t, address, o)
	p.say("a")
	expect(t, c, 1, "a")
	p.cut(t)
	p.say("b")
	expect(t, c, 2, "b")
	if got := p.log(); got != "state ws:0 state state ws:E1:1" {
		t.Error(got)
	}
}

// TestOver: a process that has ended is not for a client that has not seen it, and tells
// its end to one that has.
func TestOver(t *testing.T) {
	t.Parallel()
	p, address := newProgram(t, lifetimeShared)
	o, _ := quick()
	c := dial(t, address, o)
	p.set(func() { p.ended = &bridge.CloseWith{Code: 1000, Reason: "exit status 0"} })
	ends(t, c, "exit status 0")
	p.log()
	p.set(func() { p.answer, p.sentence = 0, "" })
	s := state{Lifetime: lifetimeShared, Epoch: "E1", Ended: new(struct{})}
	if !s.isOver("") || s.isOver("E1") {
		t.Error("an ended process is taken for one that runs")
	}
}

// TestConnection: a program that ends with its connection is another one after it.
func TestConnection(t *testing.T) {
	t.Parallel()
	p, address := newProgram(t, lifetimeConnection)
	p.say("a")
	o, l := quick()
	c := dial(t, address, o)
	expect(t, c, 0, "a")
	p.cut(t)
	expect(t, c, 0, "a")
	p.set(func() { p.ended = &bridge.CloseWith{Code: 1001, Reason: "server is going away"} })
	for range 3 {
		expect(t, c, 0, "a")
	}
	p.set(func() { p.ended = &bridge.CloseWith{Code: 4137, Reason: "signal: SIGKILL"} })
	for {
		m, err := c.Read(t.Context())
		if err == nil && string(m.Data) == "a" {
			continue
		}
		if ending := new(Ending); !errors.As(err, &ending) || ending.ExitStatus() != 137 || ending.Signal() != "SIGKILL" {
			t.Error(err)
		}
		break
	}
	if got := l.took(); !strings.HasPrefix(got, "opened by websocket, lost: the connection broke off, opened by websocket, lost: server is going away, opened") {
		t.Error(got)
	}
	if c.Position() != "" {
		t.Error(c.Position())
	}
}

// TestReconnectsNot: a client that is not to come back ends with its connection.
func TestReconnectsNot(t *testing.T) {
	t.Parallel()
	p, address := newProgram(t, lifetimeShared)
	c := dial(t, address, &Options{NoReconnect: true})
	p.cut(t)
	if _, err := c.Read(t.Context()); !errors.As(err, new(*LostError)) {
		t.Error(err)
	}
}

// TestResumesNot: a client that is not to resume is like any client of a WebSocket.
func TestResumesNot(t *testing.T) {
	t.Parallel()
	for query, want := range map[string]string{"": "ws", "?after=2": "ws:2", "?token=x": "ws"} {
		p, address := newProgram(t, lifetimeShared)
		p.say("a", "b", "c")
		dial(t, address+"/"+query, &Options{NoResume: query == ""})
		if got := p.log(); got != want {
			t.Errorf("%s: %s", query, got)
		}
	}
}

// TestRefused: a refusal is told in the server's words; one that may pass is tried again.
func TestRefused(t *testing.T) {
	t.Parallel()
	for _, status := range []int{401, 403, 421, 429, 503} {
		p, address := newProgram(t, lifetimeShared)
		p.answer, p.sentence = status, "because"
		o, _ := quick()
		_, err := Dial(t.Context(), address, o)
		if refusal := new(ws.Refusal); !errors.As(err, &refusal) || refusal.Status != status || refusal.Reason != "because" {
			t.Errorf("%d: %v", status, err)
		}
		p.set(func() { p.answer = 0 })
		c := dial(t, address, o)
		p.set(func() { p.answer, p.refusals = status, 3 })
		p.cut(t)
		p.say("a")
		m, err := c.Read(t.Context())
		if again := status == 429 || status == 503; (err == nil) != again {
			t.Errorf("%d: %q, %v", status, m.Data, err)
		}
	}
}

// TestBrokenState: a state that breaks off, or an answer of something else on the way, is
// no refusal: the client tries again.
func TestBrokenState(t *testing.T) {
	t.Parallel()
	for _, answer := range []string{
		"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{\"life",
		"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 4\r\nConnection: close\r\n\r\nJoin",
		"HTTP/1.1 302 Found\r\nLocation: http://hotel.example/\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}",
	} {
		p, address := newProgram(t, lifetimeShared)
		o, l := quick()
		c := dial(t, address, o)
		p.set(func() { p.raw, p.refusals = answer, 1 })
		p.cut(t)
		p.say("a")
		expect(t, c, 1, "a")
		if got := l.took(); strings.Count(got, "lost") != 2 {
			t.Errorf("%.40q: %s", answer, got)
		}
	}
}

// TestInsist: whoever insists on a connection gets it when the server is there.
func TestInsist(t *testing.T) {
	t.Parallel()
	p, address := newProgram(t, lifetimeShared)
	p.answer, p.refusals = 503, 5
	o, _ := quick()
	o.Insist = true
	c := dial(t, address, o)
	p.say("a")
	expect(t, c, 1, "a")
}

// TestRestart: a restart is no failure. The client comes back at once, the first time.
func TestRestart(t *testing.T) {
	t.Parallel()
	p, address := newProgram(t, lifetimeShared)
	var pauses []time.Duration
	c := dial(t, address, &Options{
		FirstDelay: time.Hour, MostDelay: time.Hour, Lost: func(_ error, again time.Duration) { pauses = append(pauses, again) },
	})
	for n := range uint64(3) {
		p.say("a")
		expect(t, c, n+1, "a")
		p.set(func() { p.ended = &bridge.CloseWith{Code: 1012, Reason: "restarted after exit status 1"} })
		eventually(t, "it is back", func() bool { return p.attached() == 1 && p.running() })
	}
	if fmt.Sprint(pauses) != "[0s 0s 0s]" {
		t.Error(pauses)
	}
}

// TestTries: so many tries, and no more.
func TestTries(t *testing.T) {
	t.Parallel()
	p, address := newProgram(t, lifetimeShared)
	o, l := quick()
	o.Tries = 3
	c := dial(t, address, o)
	p.say("a")
	expect(t, c, 1, "a")
	p.set(func() { p.answer, p.sentence = 503, "busy" })
	p.cut(t)
	ends(t, c, "the connection is lost; 3 tries to get it back have failed, the last one: 503 Service Unavailable: busy")
	if got := strings.Count(l.took(), "lost"); got != 3 {
		t.Errorf("told %d times", got)
	}
}

// TestCloseAnyTime: Close ends whatever goes on.
func TestCloseAnyTime(t *testing.T) {
	t.Parallel()
	p, address := newProgram(t, lifetimeShared)
	c := dial(t, address, nil)
	c.Close()
	if _, err := c.Receive(); err != net.ErrClosed {
		t.Error(err)
	}
	eventually(t, "the server knows", func() bool { return p.attached() == 0 })
	if err := c.Write(t.Context(), Message{Kind: Text}); err != net.ErrClosed {
		t.Error(err)
	}

	o, l := quick()
	o.FirstDelay, o.MostDelay = time.Hour, time.Hour
	c = dial(t, address, o)
	read := make(chan error)
	go func() {
		_, err := c.Read(context.Background())
		read <- err
	}()
	p.set(func() { p.answer = 503 })
	p.cut(t)
	eventually(t, "it waits", func() bool { return strings.Contains(l.said(), "lost") })
	c.Close()
	if err := <-read; err != net.ErrClosed {
		t.Error(err)
	}
}

// TestReadLeaves: whoever leaves Read loses nothing.
func TestReadLeaves(t *testing.T) {
	t.Parallel()
	p, address := newProgram(t, lifetimeConnection)
	c := dial(t, address, nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Read(ctx); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	p.say("a", "b")
	p.set(func() { p.ended = &bridge.CloseWith{Code: 1000} })
	var got []string
	for m, err := range c.Messages(t.Context()) {
		if err != nil {
			got = append(got, err.Error())
		} else {
			got = append(got, string(m.Data))
		}
	}
	if strings.Join(got, " ") != "a b exit status 0" {
		t.Error(got)
	}
}
