package control

import (
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"websocketd/libwebsocketd/internal/testkit"
)

// newConn returns a connection that has entered, unless there is no room, and its other end.
func newConn(t *testing.T, c *conns) (a *conn, theirs net.Conn, ok bool) {
	t.Helper()
	theirs, ours := net.Pipe()
	t.Cleanup(func() { theirs.Close(); ours.Close() })
	a = &conn{Conn: ours, of: c}
	return a, theirs, c.enter(a)
}

// isClosed reports whether the server has closed a connection.
func isClosed(a *conn) bool {
	return a.Conn.SetDeadline(time.Time{}) != nil
}

// TestStrangersMakePlace: of too many connections that have shown nothing the oldest goes, and
// none that has.
func TestStrangersMakePlace(t *testing.T) {
	t.Parallel()
	book := &testkit.LogBook{}
	c := &conns{limit: 3, log: slog.New(book)}
	first, _, _ := newConn(t, c)
	second, _, _ := newConn(t, c)
	third, _, _ := newConn(t, c)
	first.know()
	fourth, _, ok := newConn(t, c)
	if !ok || isClosed(first) || !isClosed(second) || isClosed(third) || c.count != 3 {
		t.Errorf("%v: closed %v %v %v, %d count", ok, isClosed(first), isClosed(second), isClosed(third), c.count)
	}
	third.know()
	fourth.know()
	if _, _, ok := newConn(t, c); ok {
		t.Error("there is one more than the limit, none of which may go")
	}
	third.Hijacked() // it is the hub's
	if isClosed(third) || c.count != 2 {
		t.Errorf("%d count", c.count)
	}
	if fifth, _, ok := newConn(t, c); !ok || fifth.Close() != nil || fifth.Close() != nil || c.count != 2 || c.strangers.Len() != 0 {
		t.Errorf("%v, %d count, %d strangers", ok, c.count, c.strangers.Len())
	}
	if lines := book.Category(category); len(lines) != 1 {
		t.Errorf("logged %q", lines)
	}
}

// TestMostStrangers: however many may connect, few of them may say nothing.
func TestMostStrangers(t *testing.T) {
	t.Parallel()
	c := &conns{limit: mostStrangers * 2, log: slog.New(slog.DiscardHandler)}
	first, _, _ := newConn(t, c)
	for range mostStrangers {
		newConn(t, c)
	}
	if !isClosed(first) || c.count != mostStrangers || c.strangers.Len() != mostStrangers {
		t.Errorf("closed %v, %d count", isClosed(first), c.count)
	}
	c.closeStrangers()
	if c.count != 0 {
		t.Errorf("%d count", c.count)
	}
}

// TestWhoIsKnown: a request that was admitted makes its connection no stranger; one that was
// refused, or that everyone may make, does not.
func TestWhoIsKnown(t *testing.T) {
	t.Parallel()
	c, _ := guardOf(t, oneToken{})
	c.handle("GET /open", open, func(http.ResponseWriter, *http.Request) {})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- c.Serve(l) }()
	t.Cleanup(func() {
		c.Close()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	counts := func() (all, strangers int) {
		c.tcp.mu.Lock()
		defer c.tcp.mu.Unlock()
		return c.tcp.count, c.tcp.strangers.Len()
	}
	for _, test := range []struct {
		path, header string
		all          int
		strangers    int
	}{{"/open", "", 1, 1}, {"/api/hub", "", 0, 0}, {"/api/hub", bearer(rightToken) + "\r\n", 1, 0}} {
		conn, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(conn, "GET "+test.path+" HTTP/1.1\r\nHost: localhost\r\n"+test.header+"\r\n")
		answer := make([]byte, 1)
		conn.Read(answer)
		testkit.Eventually(t, strings.TrimSpace(test.path+" "+test.header), func() bool {
			all, strangers := counts()
			return all == test.all && strangers == test.strangers
		})
		conn.Close()
		testkit.Eventually(t, "it is gone", func() bool { all, _ := counts(); return all == 0 })
	}
}
