package poll

import (
	"bufio"
	"context"
	"errors"
	"io"
	"math"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/gate"
	"websocketd/libwebsocketd/process"
)

// TestMessage has what a body becomes.
func TestMessage(t *testing.T) {
	t.Parallel()
	const invalid = "\xff"
	for _, test := range []struct {
		program    libwebsocketd.Program
		body, want string
		kind       libwebsocketd.Kind // 0 is refused
	}{
		{libwebsocketd.Program{}, "hi\n", "hi", libwebsocketd.Text},
		{libwebsocketd.Program{}, "hi\r\n", "hi", libwebsocketd.Text},
		{libwebsocketd.Program{}, "hi\n\n", "hi\n", libwebsocketd.Text},
		{libwebsocketd.Program{}, "hi\r", "hi\r", libwebsocketd.Text},
		{libwebsocketd.Program{}, "", "", libwebsocketd.Text},
		{libwebsocketd.Program{Settings: libwebsocketd.Settings{MaxFrameSize: math.MaxInt64}}, "hi", "hi", libwebsocketd.Text},
		{libwebsocketd.Program{}, "\n", "", libwebsocketd.Text},
		{libwebsocketd.Program{Settings: libwebsocketd.Settings{Framing: libwebsocketd.FramingLine}}, "ü\n", "ü", libwebsocketd.Text},
		{libwebsocketd.Program{}, invalid, "", 0},
		{libwebsocketd.Program{Settings: libwebsocketd.Settings{Binary: true}}, "hi\n", "hi\n", libwebsocketd.Binary},
		{libwebsocketd.Program{Settings: libwebsocketd.Settings{Binary: true}}, invalid, invalid, libwebsocketd.Binary},
		{libwebsocketd.Program{Settings: libwebsocketd.Settings{Framing: libwebsocketd.FramingRaw}}, "hi\n", "hi\n", libwebsocketd.Text},
		{libwebsocketd.Program{Settings: libwebsocketd.Settings{Framing: libwebsocketd.FramingRaw}}, invalid, invalid, libwebsocketd.Binary},
		{libwebsocketd.Program{Settings: libwebsocketd.Settings{Framing: libwebsocketd.FramingNull}}, invalid, invalid, libwebsocketd.Binary},
		{libwebsocketd.Program{Settings: libwebsocketd.Settings{Framing: libwebsocketd.FramingLength}}, invalid, invalid, libwebsocketd.Binary},
		{libwebsocketd.Program{Settings: libwebsocketd.Settings{Framing: libwebsocketd.FramingLength}}, "hi", "hi", libwebsocketd.Text},
		{libwebsocketd.Program{Settings: libwebsocketd.Settings{Framing: libwebsocketd.FramingNDJSON}}, invalid, "", 0},
		{libwebsocketd.Program{Settings: libwebsocketd.Settings{Framing: libwebsocketd.FramingLSP}}, invalid, "", 0},
	} {
		n := newNear()
		test.program.Lifetime = life{func(*libwebsocketd.Attach) (libwebsocketd.Endpoint, *gate.Refusal) { return n, nil }}
		_, url := serve(t, test.program)
		got := do(t, request(t, "POST", url, test.body))
		if test.kind == 0 {
			if got.StatusCode != 400 || !strings.Contains(got.body, "UTF-8") || len(n.got) > 0 {
				t.Errorf("%s, %q: %d %s", test.program.Framing, test.body, got.StatusCode, got.body)
			}
			continue
		}
		if got.StatusCode != 204 || len(n.got) != 1 || n.got[0].Kind != test.kind || string(n.got[0].Data) != test.want {
			t.Errorf("%s, %q: %d %s, %+v", test.program.Framing, test.body, got.StatusCode, got.body, n.got)
			continue
		}
		<-n.closed
	}
}

// TestMessageTooLarge has the limit, whether the length is told or not.
func TestMessageTooLarge(t *testing.T) {
	t.Parallel()
	n := newNear()
	_, url := serve(t, libwebsocketd.Program{Settings: libwebsocketd.Settings{MaxFrameSize: 10, Lifetime: life{func(*libwebsocketd.Attach) (libwebsocketd.Endpoint, *gate.Refusal) { return n, nil }}}})
	for _, told := range []bool{true, false} {
		for size, status := range map[int]int{10: 204, 11: 413, 1 << 20: 413} {
			r := request(t, "POST", url, strings.Repeat("x", size))
			if !told {
				r.ContentLength, r.Body = -1, io.NopCloser(io.MultiReader(r.Body))
			}
			got := do(t, r)
			if got.StatusCode != status || status == 413 && !strings.Contains(got.body, "10 bytes (see --maxframesize)") {
				t.Errorf("%d bytes: %d %s", size, got.StatusCode, got.body)
			}
		}
	}
}

// TestMessageNotTaken has what a client is told whose message the program does not
// take.
func TestMessageNotTaken(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		err    error
		status int
		words  string
	}{
		{&libwebsocketd.RefusedError{Code: 1008, Reason: "no newlines"}, 400, "no newlines"},
		{&libwebsocketd.RefusedError{Code: 1003, Reason: "no binary"}, 400, "no binary"},
		{&libwebsocketd.RefusedError{Code: 1007, Reason: "no text"}, 400, "no text"},
		{&libwebsocketd.RefusedError{Code: 1009, Reason: "too long"}, 413, "too long"},
		{&libwebsocketd.EndedError{Ending: process.Ending{Code: 3}}, 410, "exit status 3"},
		{&libwebsocketd.EndedError{}, 410, "exit status 0"},
		{&libwebsocketd.CloseWith{Code: 1013, Reason: "later"}, 503, "later"},
		{errors.New("write |1: broken pipe"), 503, "message: it has ended, or takes no input any more\n"},
	} {
		n := newNear()
		n.takes = func(*near) error { return test.err }
		got := do(t, request(t, "POST", serveNear(t, n), "x"))
		if got.StatusCode != test.status || !strings.Contains(got.body, test.words) || (got.Header.Get("Retry-After") == "") != (test.status != 503) {
			t.Errorf("%v: %d %s %v", test.err, got.StatusCode, got.body, got.Header)
		}
		<-n.closed
	}
}

// stuck is a near side that takes no message until it is closed.
func stuck() (n *near, asked chan struct{}) {
	n, asked = newNear(), make(chan struct{})
	n.takes = func(n *near) error {
		close(asked)
		<-n.closed
		return errLeft
	}
	return n, asked
}

// TestMessageGivenUp has a program that takes nothing, and a client that leaves.
func TestMessageGivenUp(t *testing.T) {
	t.Parallel()
	n, asked := stuck()
	ctx, leave := context.WithCancel(t.Context())
	r := request(t, "POST", serveNear(t, n), "x").WithContext(ctx)
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	done := make(chan error, 1)
	go func() {
		_, err := transport.RoundTrip(r)
		done <- err
	}()
	<-asked
	leave()
	<-done
	<-n.closed
}

// TestMessageServerGoes has a program that takes nothing, and a server that goes.
func TestMessageServerGoes(t *testing.T) {
	t.Parallel()
	n, asked := stuck()
	s, url := serve(t, libwebsocketd.Program{Settings: libwebsocketd.Settings{Lifetime: life{func(*libwebsocketd.Attach) (libwebsocketd.Endpoint, *gate.Refusal) { return n, nil }}}})
	gone := make(chan error, 1)
	go func() {
		<-asked
		gone <- s.Shutdown(context.Background())
	}()
	if got := do(t, request(t, "POST", url, "x")); got.StatusCode != 503 || !strings.Contains(got.body, "going away") {
		t.Errorf("%d %s", got.StatusCode, got.body)
	}
	if err := <-gone; err != nil {
		t.Error(err)
	}
}

// TestMessageStalls has a body that does not come whole: the client's time is over,
// or the server's.
func TestMessageStalls(t *testing.T) {
	t.Parallel()
	for status, every := range map[int]time.Duration{408: 20 * time.Millisecond, 503: -1} {
		s, url := serve(t, libwebsocketd.Program{Settings: libwebsocketd.Settings{PingInterval: every, Lifetime: life{func(*libwebsocketd.Attach) (libwebsocketd.Endpoint, *gate.Refusal) {
			t.Error("a program is asked for")
			return newNear(), nil
		}}}})
		conn, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		r := bufio.NewReader(conn)
		io.WriteString(conn, "POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nExpect: 100-continue\r\nContent-Length: 10\r\n\r\n")
		if being := answerTo(t, r); being.StatusCode != 100 { // the body is being read
			t.Errorf("%d before %d", being.StatusCode, status)
		}
		gone := make(chan error, 1)
		if every < 0 {
			go func() { gone <- s.Shutdown(context.Background()) }()
		} else {
			close(gone)
		}
		if got := answerTo(t, r); got.StatusCode != status {
			t.Errorf("%d, want %d", got.StatusCode, status)
		}
		conn.SetReadDeadline(time.Now().Add(5 * time.Second)) // half of what the headers of a request may take
		if _, err := io.Copy(io.Discard, r); err != nil {
			t.Errorf("%d does not end the connection: %v", status, err)
		}
		conn.Close()
		if err := <-gone; err != nil {
			t.Error(err)
		}
	}
}

// answerTo reads the head of the answer to a POST.
func answerTo(t *testing.T, r *bufio.Reader) *http.Response {
	t.Helper()
	resp, err := http.ReadResponse(r, &http.Request{Method: http.MethodPost})
	if err != nil {
		t.Fatal(err)
	}
	return resp
}
