package poll

import (
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"websocketd/test/harness"
)

// post is a POST by hand, of a client that says what it wants in headers.
func post(body string, headers ...string) string {
	head := "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + strconv.Itoa(len(body)) + "\r\n"
	for _, line := range headers {
		head += line + "\r\n"
	}
	return head + "\r\n" + body
}

// A trailer comes to clients that say they can take one, and to nobody else: what
// follows the last chunk makes some fail.
func TestTrailerIsAskedFor(t *testing.T) {
	t.Parallel()
	s := start(t, "sh", "-c", "cat; exit 3")
	for te, want := range map[string]bool{"": false, "gzip": false, "trailers": true, "deflate;q=0.5, Trailers": true} {
		c := s.Dial(t)
		c.Send(t, post("a\n", "Connection: TE", "TE: "+te))
		raw, err := io.ReadAll(c)
		if got := strings.HasSuffix(string(raw), "\r\n0\r\nWebsocketd-Exit: 4003 exit status 3\r\n\r\n"); err != nil || got != want {
			t.Errorf("TE: %q: %q, %v", te, raw, err)
		}
		if whole := strings.HasSuffix(string(raw), "\r\n0\r\n\r\n"); whole == want {
			t.Errorf("TE: %q ends with %q", te, raw)
		}
	}
}

// What has ended before it said anything says how in the header.
func TestExitInTheHeader(t *testing.T) {
	t.Parallel()
	for script, want := range map[string]string{"cat >/dev/null; exit 3": "4003 exit status 3", "kill -KILL $$": "4137 signal: SIGKILL", "echo hi": ""} {
		c := start(t, "sh", "-c", script).Dial(t)
		c.Send(t, post("x"))
		if err := c.ReadResponse(); err != nil || c.Header("Websocketd-Exit") != want || len(c.Response.Trailer) > 0 {
			t.Errorf("%s: %q, %v, %v", script, c.Header("Websocketd-Exit"), c.Response.Trailer, err)
		}
	}
}

// The end of a client's sending half, after its whole request, is no leaving: all of
// the answer comes, and it ends as a whole one.
func TestHalfClosed(t *testing.T) {
	t.Parallel()
	const script = "cat; for i in 1 2 3; do sleep 0.2; echo $i; done"
	for name, test := range map[string]struct{ flags, request, want string }{
		"POST":      {"", post("a\n"), "a\n123"},
		"unread":    {"", post(strings.Repeat("a\n", 100_000)), "a\n123"},
		"events":    {"", "GET / HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n", "data: 1|data: 2|data: 3|event: end"},
		"long-poll": {"--shared", "GET /?wait=10s HTTP/1.1\r\nHost: localhost\r\nAccept: application/json\r\n\r\n", `"data":"1"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			command := []string{"sh", "-c", script}
			switch {
			case test.flags != "":
				command = []string{test.flags, "sh", "-c", "sleep 0.3; echo 1; cat"}
			case name == "unread":
				command[2] = "sleep 1; cat >/dev/null; echo a; for i in 1 2 3; do sleep 0.2; echo $i; done"
			}
			c := start(t, command...).Dial(t)
			c.Send(t, test.request)
			c.HalfClose(t)
			if err := c.ReadResponse(); err != nil {
				t.Fatalf("%v behind %q", err, c.Body)
			}
			got := strings.Join(strings.FieldsFunc(c.Body, func(r rune) bool { return r == '\n' }), "|")
			for _, want := range strings.Split(test.want, "|") {
				if !strings.Contains(strings.ReplaceAll(got, "|", ""), strings.ReplaceAll(want, "\n", "")) {
					t.Errorf("%q has no %q", got, want)
				}
			}
		})
	}
}

// A client that has closed after its whole request is gone, though all that tells it
// from one that still reads is that what is sent to it comes back.
func TestClosedIsNotHalfClosed(t *testing.T) {
	t.Parallel()
	for name, request := range map[string]string{
		"POST":   post("x"),
		"events": "GET / HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, "sh", "-c", "sleep 1000")
			c := s.Dial(t)
			c.Send(t, request)
			harness.Until(t, "the program runs", func() bool { return len(s.Children()) > 0 })
			if name == "events" { // with nothing unread the end is a FIN, and no reset
				readUpTo(t, c, ":\n\r\n")
			}
			c.Conn.Close()
			harness.NoSurvivors(t, s)
			s.Out.Await(t, "DISCONNECT", "client gone")
		})
	}
}

// readUpTo reads what ends with the text.
func readUpTo(t *testing.T, c *harness.Conn, text string) {
	t.Helper()
	one := make([]byte, 1)
	for got := ""; !strings.HasSuffix(got, text); got += string(one) {
		if _, err := io.ReadFull(c, one); err != nil {
			t.Fatalf("%v behind %q", err, got)
		}
	}
}

// A message of a client that half-closes is taken, and every one that was is answered
// so: nothing that a program got is said to have failed.
func TestSharedPostHalfClosed(t *testing.T) {
	t.Parallel()
	s := start(t, "--shared", "--start=eager", "cat")
	heard := s.Connect(t)
	for range 50 {
		c := s.Dial(t)
		c.Send(t, post("x"))
		c.HalfClose(t)
		if err := c.ReadResponse(); err != nil || c.Status() != http.StatusNoContent {
			t.Fatalf("%v, %s", err, c.Body)
		}
		heard.Expect(t, "x")
	}
}

// An answer that was cut does not end as a whole one does. Before HTTP/1.1 that ends with
// its connection, and only a reset tells.
func TestCutIsNotWhole(t *testing.T) {
	t.Parallel()
	for name, cut := range map[string]func(t *testing.T, s *harness.Server){
		"killed": func(t *testing.T, s *harness.Server) {
			var children []int // none is seen while sh becomes sleep
			harness.Until(t, "the process is seen", func() bool {
				children = s.Children()
				return len(children) > 0
			})
			syscall.Kill(children[0], syscall.SIGKILL)
		},
		"server goes": func(t *testing.T, s *harness.Server) { s.Signal(t, syscall.SIGTERM) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, "sh", "-c", "echo up; exec sleep 1000")
			c := s.Dial(t)
			c.Send(t, post("x"))
			readUpTo(t, c, "up\n")
			cut(t, s)
			if rest, err := io.ReadAll(c); strings.Contains(string(rest), "0\r\n\r\n") {
				t.Errorf("%q, %v", rest, err)
			}
			s = start(t, "sh", "-c", "echo up; exec sleep 1000")
			c = s.Dial(t)
			c.Send(t, strings.Replace(post("x"), "HTTP/1.1", "HTTP/1.0", 1))
			readUpTo(t, c, "up\n")
			cut(t, s)
			if rest, err := io.ReadAll(c); !errors.Is(err, syscall.ECONNRESET) {
				t.Errorf("HTTP/1.0: %q, %v", rest, err)
			}
		})
	}
}
