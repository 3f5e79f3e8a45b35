package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/ws"
)

// batch returns messages as one batch.
func batch(messages ...string) (all []bridge.Message) {
	for _, m := range messages {
		all = append(all, bridge.Message{Kind: Text, Data: []byte(m)})
	}
	return all
}

// TestSendRefused: by plain HTTP a message that is refused, or may be lost, is told, and those
// after it are sent: a bridge sends nothing after an error.
func TestSendRefused(t *testing.T) {
	t.Parallel()
	p, address := newProgram(t, lifetimeShared)
	p.upgrades = false
	o, l := quick()
	o.Token = func(context.Context) (string, error) {
		if strings.HasSuffix(p.heard(), "d") {
			return "", errors.New("rotated")
		}
		return "token", nil
	}
	c := dial(t, address, o)
	l.took()
	if err := c.Send(batch("a", "refuse 413", "b", "refuse 502", "c", "break", "d", "e")); err != nil {
		t.Error(err)
	}
	if got := p.heard(); got != "a b c d" {
		t.Error(got)
	}
	want := "refuse 413: 413 Request Entity Too Large: no, refuse 502: a message may be lost: 502 Bad Gateway: no, " +
		"break: a message may be lost: EOF, e: there is no token: rotated"
	if got := l.took(); got != want {
		t.Error(got)
	}
}

// TestWriteUnsure: what something between answers in place of the server says nothing of what
// that has done.
func TestWriteUnsure(t *testing.T) {
	t.Parallel()
	p, address := newProgram(t, lifetimeShared)
	p.upgrades = false
	c := dial(t, address, nil)
	for status, unsure := range map[int]bool{302: true, 400: false, 401: false, 404: false, 408: true, 410: false, 413: false, 500: true, 502: true, 504: true} {
		err := c.Write(t.Context(), Message{Kind: Text, Data: fmt.Append(nil, "refuse ", status)})
		if refusal := new(ws.Refusal); !errors.As(err, &refusal) || refusal.Status != status || errors.Is(err, ErrUnsure) != unsure {
			t.Errorf("%d: %v", status, err)
		}
	}
}

// TestBetween: a proxy that has no server now, or none that answers in time, may have passed the
// message on all the same.
func TestBetween(t *testing.T) {
	t.Parallel()
	p, address := newProgram(t, lifetimeShared)
	p.upgrades = false
	o, _ := quick()
	o.FirstDelay, o.MostDelay = time.Hour, time.Hour // no WebSocket is tried
	c := dial(t, address, o)
	ctx, cancel := context.WithTimeout(t.Context(), patience/4)
	defer cancel()
	for _, status := range []string{"429 Too Many Requests", "503 Service Unavailable"} {
		p.set(func() {
			p.raw, p.refusals = "HTTP/1.1 "+status+"\r\nContent-Type: text/plain\r\n\r\nupstream connect error or disconnect/reset before headers", 1
		})
		if err := c.Write(ctx, Message{Kind: Text, Data: []byte("a")}); !errors.Is(err, ErrUnsure) {
			t.Errorf("%s: %v", status, err)
		}
	}
	if p.heard() != "" {
		t.Error(p.heard())
	}
}

// TestNotTaken: a message that was surely not taken when the connection is lost is for the next
// one.
func TestNotTaken(t *testing.T) {
	t.Parallel()
	o, _ := quick()
	c, err := newConn("http://a.example", o.complete())
	if err != nil {
		t.Fatal(err)
	}
	c.http.Transport = answers(func() *http.Response {
		c.endPosts()
		body := io.NopCloser(strings.NewReader("503 Service Unavailable: starting\n"))
		return &http.Response{StatusCode: 503, Header: http.Header{"Content-Type": {"text/plain"}}, Body: body}
	})
	s := newStream(c, http.NoBody, position{})
	defer s.Close()
	if err := s.SendContext(t.Context(), batch("a")); err != errNotSent {
		t.Error(err)
	}
}

// answers is what answers every request.
type answers func() *http.Response

// RoundTrip implements [http.RoundTripper].
func (f answers) RoundTrip(*http.Request) (*http.Response, error) { return f(), nil }

// queued returns a Conn by plain HTTP that is connected again while messages wait in its queue.
// opened is called when it is.
func queued(t *testing.T, opened func(*Conn), messages ...string) (*program, *told) {
	t.Helper()
	p, address := newProgram(t, lifetimeShared)
	p.upgrades = false
	o, l := quick()
	o.Queue = 100
	var c *Conn
	told := o.Opened
	o.Opened = func(how Opened) {
		if how.Resumed {
			opened(c)
		}
		told(how)
	}
	c = dial(t, address, o)
	p.set(func() { p.answer = 503 })
	p.cut(t)
	go c.Read(context.Background())
	eventually(t, "it is lost", func() bool { return strings.Contains(l.said(), "503") })
	for _, m := range messages {
		if err := c.Write(t.Context(), Message{Kind: Text, Data: []byte(m)}); err != nil {
			t.Error(err)
		}
	}
	p.set(func() { p.answer = 0 })
	eventually(t, "it is back", func() bool { return strings.Contains(l.said(), "resumed") })
	return p, l
}

// TestQueueGoesOn: what becomes of one message of the queue is told, and the others are sent.
func TestQueueGoesOn(t *testing.T) {
	t.Parallel()
	p, l := queued(t, func(*Conn) {}, "a", "break", "b", "refuse 413", "refuse 502", "c")
	eventually(t, "what was kept has come", func() bool { return p.heard() == "a b c" })
	for _, want := range []string{"break: a message may be lost: EOF", "413: 413 Request", "502: a message may be lost: 502 Bad"} {
		eventually(t, want, func() bool { return strings.Contains(l.said(), want) })
	}
}

// TestQueueOutlivesWrite: a Write that is left while the queue is sent leaves that alone.
func TestQueueOutlivesWrite(t *testing.T) {
	t.Parallel()
	enough := errors.New("enough")
	p, _ := queued(t, func(c *Conn) { // before anything else is sent
		ctx, cancel := context.WithTimeoutCause(t.Context(), 20*time.Millisecond, enough)
		defer cancel()
		if err := c.Write(ctx, Message{Kind: Text, Data: []byte("own")}); err != enough {
			t.Error(err)
		}
	}, "a", "wait", "b")
	p.set(func() { close(p.taking) })
	eventually(t, "what was kept has come", func() bool { return p.heard() == "a wait b" })
}

// TestWriteAfterQueue: a Write waits for what was written before it.
func TestWriteAfterQueue(t *testing.T) {
	t.Parallel()
	written := make(chan error)
	p, _ := queued(t, func(c *Conn) {
		go func() { written <- c.Write(t.Context(), Message{Kind: Text, Data: []byte("own")}) }()
	}, "a", "wait", "b")
	p.set(func() { close(p.taking) })
	if err := <-written; err != nil || p.heard() != "a wait b own" {
		t.Errorf("%v, %s", err, p.heard())
	}
}

// TestWriteTooLate: a Write whose context is done sends nothing, and ends no connection.
func TestWriteTooLate(t *testing.T) {
	t.Parallel()
	p, address := newProgram(t, lifetimeShared)
	o, l := quick()
	c := dial(t, address, o)
	enough := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(enough)
	for range 20 { // which of two things is looked at first is chance
		if err := c.Write(ctx, Message{Kind: Text, Data: []byte("late")}); err != enough {
			t.Error(err)
		}
	}
	p.say("a")
	expect(t, c, 1, "a")
	if p.heard() != "" || l.said() != "opened by websocket" {
		t.Errorf("%s, %s", p.heard(), l.said())
	}
}
