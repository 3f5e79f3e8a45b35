package poll

import (
	"bytes"
	"io"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"websocketd/test/harness"
)

// A client that leaves takes the program along, wherever the body was.
func TestPostClientLeaves(t *testing.T) {
	t.Parallel()
	const group = "sleep 500 & (sleep 501 | sleep 502) & echo up; "
	for name, test := range map[string]struct {
		script string
		sent   int // of 100,000 bytes
		leave  func(*harness.Conn)
	}{
		"reads, half a body":   {group + "cat >/dev/null; wait", 50_000, func(c *harness.Conn) { c.Conn.Close() }},
		"reads, all":           {group + "cat >/dev/null; wait", 100_000, func(c *harness.Conn) { c.Conn.Close() }},
		"reads, reset":         {group + "cat >/dev/null; wait", 100_000, (*harness.Conn).Reset},
		"reads, all and more":  {group + "cat >/dev/null; wait", 100_000, sendsMore},
		"deaf, half a body":    {group + "wait", 20_000, func(c *harness.Conn) { c.Conn.Close() }},
		"deaf, all":            {group + "wait", 100_000, func(c *harness.Conn) { c.Conn.Close() }},
		"deaf, reset":          {group + "wait", 100_000, (*harness.Conn).Reset},
		"stubborn":             {"trap '' INT TERM HUP; sleep 500 & sleep 501 & sleep 502 & echo up; while :; do sleep 100; done", 1, func(c *harness.Conn) { c.Conn.Close() }},
		"closed its own input": {group + "exec <&-; wait", 100_000, func(c *harness.Conn) { c.Conn.Close() }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, "sh", "-c", test.script)
			c := s.Dial(t)
			c.Send(t, harness.Get("/").Add("Content-Length", "100000").As("POST", "HTTP/1.1").String())
			c.Send(t, strings.Repeat("x", test.sent))
			harness.Until(t, "the program runs with its children", func() bool { return len(s.Children()) >= 4 })
			test.leave(c)
			harness.NoSurvivors(t, s)
			s.Out.Await(t, "DISCONNECT", "client gone")
		})
	}
}

// sendsMore sends something after its request, which net/http reads and then looks no
// more, and leaves.
func sendsMore(c *harness.Conn) {
	io.WriteString(c.Conn, "\r\n")
	c.Conn.Close()
}

// A client that leaves while its system has more of the body than anybody takes is found
// by what is written to it, though nothing of its end has come.
func TestPostClientLeavesUnread(t *testing.T) {
	t.Parallel()
	s := start(t, "--pingms=200", "sleep", "500")
	c := s.Dial(t)
	c.Send(t, harness.Get("/").Add("Content-Length", "2000000").As("POST", "HTTP/1.1").String()+strings.Repeat("x", 900_000))
	harness.Until(t, "the program runs", func() bool { return len(s.Children()) > 0 })
	c.Conn.Close()
	harness.NoSurvivors(t, s)
	s.Out.Await(t, "DISCONNECT", "client gone")
}

// A client whose body is not taken for a while is asked, and answered when it is.
func TestPostIsAsked(t *testing.T) {
	t.Parallel()
	wait := filepath.Join(t.TempDir(), "go")
	s := start(t, "--pingms=100", "--binary", "sh", "-c", "while [ ! -e '"+wait+"' ]; do sleep 0.02; done; exec wc -c")
	c := s.Dial(t)
	c.Send(t, harness.Get("/").Add("Content-Length", "900000").As("POST", "HTTP/1.1").String()+strings.Repeat("x", 900_000))
	for range 2 {
		if err := c.ReadResponse(); err != nil {
			t.Fatal(err)
		}
		if c.Status() != 100 || len(c.Response.Header) > 0 {
			t.Errorf("%d %v", c.Status(), c.Response.Header)
		}
	}
	touch(t, wait)
	for c.Status() == 100 {
		if err := c.ReadResponse(); err != nil {
			t.Fatal(err)
		}
	}
	if c.Status() != 200 || c.Header("Content-Type") == "" || strings.TrimSpace(c.Body) != "900000" {
		t.Errorf("%d %v %q", c.Status(), c.Response.Header, c.Body)
	}
}

// A body that stalls does not hold its process for ever.
func TestPostStalls(t *testing.T) {
	t.Parallel()
	s := start(t, "--pingms=200", "sh", "-c", "cat; echo over")
	c := s.Dial(t)
	c.Send(t, harness.Get("/").Add("Content-Length", "10").Add("TE", "trailers").As("POST", "HTTP/1.1").String()+"half\n")
	if err := c.ReadResponse(); err != nil || !strings.HasPrefix(c.Body, "half\n") || !strings.HasPrefix(c.Response.Trailer.Get(exitTrailer), "1013 ") {
		t.Errorf("%q, %v, %v", c.Body, err, c.Response.Trailer)
	}
	harness.NoSurvivors(t, s)
}

// A program that takes its time for its input is no stalled upload.
func TestPostIsHeldBack(t *testing.T) {
	t.Parallel()
	wait := filepath.Join(t.TempDir(), "go")
	s := start(t, "--pingms=1000", "--binary", "sh", "-c", "while [ ! -e '"+wait+"' ]; do sleep 0.02; done; wc -c")
	data := randomBytes(5 << 20)
	a := ask(t, request(t, s, "POST", "/", bytes.NewReader(data)))
	never(t, "it ends", func() bool { return len(s.Out.With("DISCONNECT")) > 0 })
	harness.Paced(25, 1e8, func(int) bool { return len(s.Out.With("DISCONNECT")) == 0 })
	touch(t, wait)
	if got := strings.TrimSpace(a.rest()); got != "5242880" {
		t.Errorf("%q", got)
	}
}

// A server that stops delivers the last words, and tells 1001.
func TestPostServerStops(t *testing.T) {
	t.Parallel()
	s := start(t, "--closems=2000", "sh", "-c", "trap 'echo bye; exit' INT; echo up; while :; do sleep 0.05; done")
	a := ask(t, request(t, s, "POST", "/", strings.NewReader("x")))
	if line, err := a.r.ReadString('\n'); line != "up\n" {
		t.Fatalf("%q, %v", line, err)
	}
	s.Signal(t, syscall.SIGTERM)
	if rest := a.rest(); rest != "bye\n" || a.Trailer.Get(exitTrailer) != "1001 server is going away" {
		t.Errorf("%q, %v", rest, a.Trailer)
	}
	if status := s.Wait(t); status != 0 {
		t.Errorf("exit status %d", status)
	}
	harness.NothingLeft(t, s)
}
