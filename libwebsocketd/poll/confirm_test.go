package poll

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/gate"
)

// asking is a near that asks what its client has.
type asking struct {
	*near
	heard chan string
}

func (a *asking) Confirm(number uint64) { a.heard <- fmt.Sprint(number) }
func (a *asking) ConfirmEnd()           { a.heard <- "end" }
func (a *asking) ConfirmEvery() int     { return 1 << 10 }

// serveAsking is a server of its own sockets, which knows what a client's system
// acknowledges. It returns the address.
func serveAsking(t *testing.T, a *asking) string {
	t.Helper()
	life := life{func(*libwebsocketd.Attach) (libwebsocketd.Endpoint, *gate.Refusal) { return a, nil }}
	s, err := libwebsocketd.New(libwebsocketd.Config{
		Programs: []libwebsocketd.Program{{Name: "test", Path: "/", Command: []string{"/bin/cat"}, Settings: libwebsocketd.Settings{Lifetime: life}}},
		Faces:    []libwebsocketd.Face{New()},
	})
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve(l) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := s.Shutdown(ctx); err != nil {
			t.Errorf("Shutdown: %v", err)
		}
		<-served
	})
	return l.Addr().String()
}

func (a *asking) hears(t *testing.T, want ...string) {
	t.Helper()
	for _, word := range want {
		if got := <-a.heard; got != word {
			t.Errorf("it hears %s, want %s", got, word)
		}
	}
}

// TestConfirmEvents: what the client's system has acknowledged is confirmed, and that it
// was told the end.
func TestConfirmEvents(t *testing.T) {
	t.Parallel()
	a := &asking{newNear(libwebsocketd.Delivery{Chunk: texts("a", "b"), First: 7}), make(chan string, 10)}
	addr := serveAsking(t, a)
	body := make(chan string)
	go func() { body <- do(t, request(t, "GET", "http://"+addr, "", wantsStream)).body }()
	a.hears(t, "8")
	a.ends(exit3)
	a.hears(t, "end")
	if got := <-body; !strings.Contains(got, "event: end") {
		t.Errorf("the client gets %q", got)
	}
	<-a.closed
	if len(a.heard) > 0 {
		t.Errorf("it hears %s more", <-a.heard)
	}
}

// TestConfirmWait: the end of a program is confirmed when an answer has told it, and no
// messages are: a client says by after= what it has.
func TestConfirmWait(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		near *near
		want string
	}{
		"ended":      {newNear().ends(exit3), "end"},
		"messages":   {newNear(libwebsocketd.Delivery{Chunk: texts("a", "b"), First: 7}), ""},
		"taken over": {newNear().ends(&libwebsocketd.CloseWith{Code: 4409, Reason: "x"}), ""},
		"nothing":    {newNear(), ""},
	} {
		a := &asking{test.near, make(chan string, 10)}
		do(t, request(t, "GET", "http://"+serveAsking(t, a)+"/?wait=0s", "", wantsAnswer))
		<-a.closed
		close(a.heard)
		if got := <-a.heard; got != test.want {
			t.Errorf("%s: it hears %q, want %q", name, got, test.want)
		}
	}
}

// TestConfirmNotTaken: a client that leaves before the end has come to it confirms
// nothing.
func TestConfirmNotTaken(t *testing.T) {
	t.Parallel()
	a := &asking{newNear(libwebsocketd.Delivery{Chunk: texts(strings.Repeat("x", 4<<20)), First: 7}), make(chan string, 10)}
	c, err := net.Dial("tcp", serveAsking(t, a))
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(c, "GET / HTTP/1.1\r\nHost: localhost\r\n"+wantsStream+"\r\n\r\n")
	if _, err := http.ReadResponse(bufio.NewReader(c), nil); err != nil {
		t.Fatal(err)
	}
	a.ends(exit3)
	c.(*net.TCPConn).SetLinger(0)
	c.Close()
	<-a.closed
	if len(a.heard) > 0 {
		t.Errorf("it hears %s", <-a.heard)
	}
}
