package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/ws"
)

// TestFallback: where WebSockets are blocked the conversation goes on by plain HTTP, and
// goes over when they are not any more: nothing is lost, and nothing comes twice.
func TestFallback(t *testing.T) {
	t.Parallel()
	for _, lifetime := range []string{lifetimeShared, lifetimeSession} {
		p, address := newProgram(t, lifetime)
		p.upgrades = false
		if lifetime == lifetimeSession {
			p.epoch = ""
		}
		o, l := quick()
		o.FirstDelay, o.MostDelay = 20*time.Millisecond, 20*time.Millisecond
		c := dial(t, address, o)
		p.say("a", "", "b\nc", "d\re", "\x00\xff")
		expect(t, c, 1, "a", "", "b\nc", "d\re", "\x00\xff")
		for _, m := range []string{"1", "2", "3"} {
			if err := c.Write(t.Context(), Message{Kind: Text, Data: []byte(m)}); err != nil {
				t.Error(err)
			}
		}
		if !strings.HasPrefix(p.meantFor(), "E1:") {
			t.Errorf("a message is for %q", p.meantFor())
		}
		if got := p.heard(); got != "1 2 3" {
			t.Error(got)
		}
		p.breakOff()
		p.say("f")
		expect(t, c, 6, "f")
		p.set(func() { p.upgrades = true })
		number := 6
		for !strings.Contains(p.log(), "ws:E1:") || p.attached() != 1 {
			number++
			p.say(fmt.Sprint("m", number))
			expect(t, c, uint64(number), fmt.Sprint("m", number))
		}
		eventually(t, "it has gone over", func() bool { return strings.Contains(l.said(), "resumed by websocket") && p.attached() == 1 })
		l.took()
		if err := c.Write(t.Context(), Message{Kind: Text, Data: []byte("4")}); err != nil {
			t.Error(err)
		}
		eventually(t, "it has come", func() bool { return p.heard() == "1 2 3 4" })
		p.set(func() { p.ended = &bridge.CloseWith{Code: 4003, Reason: "exit status 3"} })
		ends(t, c, "exit status 3")
		if lost := l.took(); lost != "" {
			t.Errorf("%s: %s", lifetime, lost)
		}
	}
}

// TestFallbackEnds: the end is told by plain HTTP, too, and a session that has gone.
func TestFallbackEnds(t *testing.T) {
	t.Parallel()
	p, address := newProgram(t, lifetimeShared)
	p.upgrades = false
	o, l := quick()
	c := dial(t, address, o)
	p.say("a")
	p.set(func() { p.ended = &bridge.CloseWith{Code: 1012, Reason: "restarted after exit status 1"} })
	expect(t, c, 1, "a")
	eventually(t, "it comes back", func() bool {
		return strings.Contains(l.said(), "lost: restarted after exit status 1, resumed by http")
	})
	p.set(func() { p.ended = &bridge.CloseWith{Code: 4001, Reason: "exit status 1"} })
	ends(t, c, "exit status 1")
}

// TestNoFallback: a client that is not to use plain HTTP says why there is no WebSocket, and
// so does one of a program that needs one.
func TestNoFallback(t *testing.T) {
	t.Parallel()
	for _, lifetime := range []string{lifetimeShared, lifetimeConnection} {
		p, address := newProgram(t, lifetime)
		p.upgrades = false
		_, err := Dial(t.Context(), address, &Options{NoFallback: true})
		if refusal := new(ws.Refusal); !errors.As(err, &refusal) || refusal.Status != 403 {
			t.Error(err)
		}
		if words := "something between this client and the server"; strings.Contains(err.Error(), words) != (lifetime == lifetimeConnection) {
			t.Error(err)
		}
	}
}

// TestPostRefused: what the server refuses, or something in its place answers, is the error of the
// message alone.
func TestPostRefused(t *testing.T) {
	t.Parallel()
	p, address := newProgram(t, lifetimeShared)
	p.upgrades = false
	o, _ := quick()
	o.FirstDelay, o.MostDelay = time.Hour, time.Hour // no WebSocket is tried
	c := dial(t, address, o)
	write := func(message string) error {
		return c.Write(t.Context(), Message{Kind: Text, Data: []byte(message)})
	}
	p.set(func() { p.answer, p.sentence, p.refusals = 413, "too large", 1 })
	if err := write("a"); err == nil || err.Error() != "413 Request Entity Too Large: too large" {
		t.Error(err)
	}
	if err := write("b"); err != nil || p.heard() != "b" {
		t.Errorf("%v, %s", err, p.heard())
	}
	p.set(func() { p.answer, p.sentence, p.refusals = 200, "please log in", 1 })
	if err := write("lost"); err == nil || err.Error() != "a message may be lost: something answers in place of the server: 200 OK: please log in" {
		t.Error(err)
	}
	o.FirstDelay, o.MostDelay = time.Millisecond, time.Millisecond
	c = dial(t, address, o)
	p.set(func() { p.answer, p.refusals = 503, 2 })
	if err := write("c"); err != nil || p.heard() != "b c" {
		t.Errorf("%v, %s", err, p.heard())
	}
}

// TestSilentStream: a stream over which nothing comes, though there are messages, or whose
// server does not answer, is left.
func TestSilentStream(t *testing.T) {
	t.Parallel()
	p, address := newProgram(t, lifetimeShared)
	p.upgrades = false
	o, l := quick()
	o.PingInterval = 10 * time.Millisecond
	c := dial(t, address, o)
	read := make(chan error)
	go func() {
		_, err := c.Read(context.Background())
		read <- err
	}()
	eventually(t, "the stream is there", func() bool { return p.attached() == 1 })
	p.set(func() { p.silent, p.messages = true, []string{"unseen"} })
	if err := <-read; err != nil {
		t.Error(err)
	}
	if got := l.took(); !strings.Contains(got, "lost: messages of the program do not come through") {
		t.Error(got)
	}
	p.set(func() { p.raw = "no answer" })
	eventually(t, "it is lost", func() bool { return strings.Contains(l.said(), "lost: the server has been silent") })
}

// TestBothWays: a Conn is a bridge.Endpoint in the place of the program.
func TestBothWays(t *testing.T) {
	t.Parallel()
	p, address := newProgram(t, lifetimeShared)
	p.say("a", "b")
	o, _ := quick()
	c := dial(t, address, o)
	side := &terminal{ended: make(chan struct{})}
	side.ctx, side.leave = context.WithCancelCause(t.Context())
	traffic := make(chan bridge.Traffic)
	go func() { traffic <- bridge.Pipe(c, side) }()
	eventually(t, "both ways", func() bool { return p.heard() == "typed" && side.shown() == "a b" })
	p.cut(t)
	p.say("c")
	eventually(t, "it goes on", func() bool { return side.shown() == "a b c" })
	p.set(func() { p.ended = &bridge.CloseWith{Code: 4003, Reason: "exit status 3"} })
	got := <-traffic
	if ending := new(Ending); !errors.As(got.Cause, &ending) || ending.Code != 4003 || got.ToClient.Messages != 3 || got.ToProgram.Messages != 1 {
		t.Errorf("%+v", got)
	}
}

// terminal is a client that has typed one line, and then no more.
type terminal struct {
	told
	typed bool
	ended chan struct{}
	ctx   context.Context
	leave context.CancelCauseFunc
}

func (s *terminal) shown() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Join(s.words, " ")
}

func (s *terminal) Receive() ([]bridge.Message, error) {
	if s.typed {
		return nil, io.EOF
	}
	s.typed = true
	return []bridge.Message{{Kind: Text, Data: []byte("typed")}}, nil
}

func (s *terminal) Send(batch []bridge.Message) error {
	for _, m := range batch {
		s.add("%s", m.Data)
	}
	return nil
}

func (s *terminal) CloseSend(error) error    { return nil }
func (s *terminal) Close() error             { s.leave(nil); return nil }
func (s *terminal) Context() context.Context { return s.ctx }

// FuzzEvents: whatever a server sends as events, its messages and their numbers are what a
// simple reader makes of it, and nothing panics.
func FuzzEvents(f *testing.F) {
	f.Add("id: E:1\ndata: a\n\nid: E:2\nevent: json\ndata: \"b\\r\"\n\n:\nid: E:3\nevent: base64\ndata: AA==\n\n", 5)
	f.Add("id: E:1\ndata\ndata:b\ndata:  c\n\n\n\nid: E:9\nevent: gap\ndata: {}\n\nid: E:9\nevent: end\ndata: {\"code\":4003,\"reason\":\"exit status 3\"}\n\n", 1)
	f.Fuzz(func(t *testing.T, sent string, size int) {
		c, err := newConn("http://a.example", (&Options{MaxMessage: 100, PingInterval: -1}).complete())
		if err != nil {
			t.Fatal(err)
		}
		s := newStream(c, io.NopCloser(&pieces{strings.NewReader(sent), max(size, 1)}), position{})
		defer s.Close()
		for {
			batch, err := s.Receive()
			if err != nil {
				break
			}
			if len(batch) != 1 || len(batch[0].Data) > 100 || s.number.Load() == 0 {
				t.Errorf("%q: %+v, number %d", sent, batch, s.number.Load())
			}
		}
	})
}

// pieces reads at most so many bytes at once.
type pieces struct {
	io.Reader
	size int
}

func (p *pieces) Read(b []byte) (int, error) { return p.Reader.Read(b[:min(p.size, len(b))]) }

// TestOfferAtTheEnd: a WebSocket that is to take the place of a stream just as that is lost is
// either used or refused: else nobody would read it. Of many offers some come in the moment between.
func TestOfferAtTheEnd(t *testing.T) {
	t.Parallel()
	for range 20_000 {
		c, err := newConn("http://a.example", (&Options{PingInterval: -1}).complete())
		if err != nil {
			t.Fatal(err)
		}
		s, next := newStream(c, http.NoBody, position{}), &link{carrier: &other{}, via: WebSocket}
		c.setLink(s.link)
		var work sync.WaitGroup
		offered, begins := false, make(chan struct{})
		work.Go(func() {
			<-begins
			c.lost(s.link, errLost)
		})
		work.Go(func() {
			<-begins
			offered = c.offer(s, next)
		})
		close(begins)
		work.Wait()
		if used := c.current() == next; used != offered {
			t.Fatalf("offered %t, used %t", offered, used)
		}
	}
}

// other is a connection that is no stream.
type other struct{ carrier }
