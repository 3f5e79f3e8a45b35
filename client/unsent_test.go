package client

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

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
		return &http.Response{StatusCode: 503, Body: http.NoBody}
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
