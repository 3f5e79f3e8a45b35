package exchange

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

const interval = 30 * time.Second

// stranger is a connection of which nothing is known besides.
type stranger struct {
	left    bool
	closing atomic.Bool
	taken   func() (int64, bool)
	tookAll bool
}

func (s *stranger) HungUp() bool  { return s.left }
func (s *stranger) Closing() bool { return s.closing.Load() }
func (s *stranger) BytesAcked(int64) (count int64, rest, known bool) {
	if s.taken == nil {
		return 0, true, false
	}
	count, known = s.taken()
	return count, !s.tookAll, known
}

// listener accepts one connection.
type listener struct{ conns chan net.Conn }

func (l *listener) Accept() (net.Conn, error) {
	if c, ok := <-l.conns; ok {
		return c, nil
	}
	return nil, net.ErrClosed
}
func (l *listener) Close() error   { close(l.conns); return nil }
func (l *listener) Addr() net.Addr { return &net.TCPAddr{} }

// talk serves one request over a pipe, on which nothing moves that is not read, with
// a client of the given form. handle has the conversation.
func talk(t *testing.T, going context.Context, text string, f Encoder, p Peer, every time.Duration, handle func(c *Client)) (net.Conn, *bufio.Reader) {
	t.Helper()
	return talkWith(t, going, text, Options{Encoder: f, Peer: p, Interval: every, IgnoresBody: strings.HasPrefix(text, "GET")}, handle)
}

// talkWith is talk with all options.
func talkWith(t *testing.T, going context.Context, text string, o Options, handle func(c *Client)) (net.Conn, *bufio.Reader) {
	t.Helper()
	return serveWith(t, text, func(w http.ResponseWriter, r *http.Request) {
		c := New(going, w, r, o)
		c.Begin(0)
		handle(c)
	})
}

// serveWith sends the text of a request to a server that handles it, over a pipe.
func serveWith(t *testing.T, text string, handle http.HandlerFunc) (net.Conn, *bufio.Reader) {
	t.Helper()
	ours, theirs := net.Pipe()
	l := &listener{conns: make(chan net.Conn, 1)}
	l.conns <- theirs
	served := make(chan error, 1)
	s := &http.Server{Handler: handle}
	go func() { served <- s.Serve(l) }()
	t.Cleanup(func() {
		ours.Close()
		s.Close()
		<-served
	})
	io.WriteString(ours, text)
	return ours, bufio.NewReader(ours)
}

const (
	aGet  = "GET / HTTP/1.1\r\nHost: x\r\n\r\n"
	aPost = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n"
)

// answerTo reads the head of the answer.
func answerTo(t *testing.T, r *bufio.Reader, method string) *http.Response {
	t.Helper()
	resp, err := http.ReadResponse(r, &http.Request{Method: method})
	if err != nil {
		t.Fatal(err)
	}
	return resp
}

// readUntil reads what ends with the text.
func readUntil(t *testing.T, from io.Reader, text string) string {
	t.Helper()
	var got strings.Builder
	one := make([]byte, 1)
	for !strings.HasSuffix(got.String(), text) {
		if _, err := io.ReadFull(from, one); err != nil {
			t.Fatalf("%q, then %v", got.String(), err)
		}
		got.Write(one)
	}
	return got.String()
}
