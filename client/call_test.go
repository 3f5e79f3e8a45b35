package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/iotest"

	"github.com/gorilla/websocket"

	"websocketd/libwebsocketd/ws"
)

// TestCall: a program is called by its name; its output is read, its input written and closed,
// and the result is the last that comes.
func TestCall(t *testing.T) {
	t.Parallel()
	s, address := newCalls(t, func(c *websocket.Conn, next func() (string, bool)) {
		c.WriteMessage(websocket.TextMessage, []byte("ready\n"))
		for m, ok := next(); ok && m != "<"+signalClose+">"; m, ok = next() {
			c.WriteMessage(websocket.TextMessage, []byte("got "+m))
		}
		fulfill(c, `[1, "ü"]`)
	})
	c, err := StartCall(t.Context(), address, "build", []string{"-v", "<ü>"}, &CallOptions{Token: func(context.Context) (string, error) { return "t", nil }})
	if err != nil {
		t.Fatal(err)
	}
	ready := make([]byte, 6)
	if _, err := io.ReadFull(iotest.OneByteReader(c), ready); err != nil || string(ready) != "ready\n" {
		t.Fatalf("%q, %v", ready, err)
	}
	if n, err := io.WriteString(c, "hello"); n != 5 || err != nil {
		t.Error(n, err)
	}
	for range 2 {
		if err := c.CloseInput(); err != nil {
			t.Error(err)
		}
	}
	if n, err := c.Write([]byte("more")); n != 0 || err != io.ErrClosedPipe {
		t.Error("after the end of the input: ", n, err)
	}
	if rest, err := io.ReadAll(c); string(rest) != "got hello" || err != nil {
		t.Errorf("%q, %v", rest, err)
	}
	for range 2 {
		if value, err := c.Result(); string(value) != `[1, "ü"]` || err != nil {
			t.Errorf("%s, %v", value, err)
		}
	}
	if n, err := c.Read(ready); n != 0 || err != io.EOF {
		t.Error("after the result: ", n, err)
	}
	if want := `/pow/ Bearer t {"call":"build","params":["-v","\u003cü\u003e"]}`; !slices.Equal(s.calls(), []string{want}) {
		t.Errorf("asked %q, want %q", s.calls(), want)
	}
	if got := fmt.Sprint(s.took()); got != "[hello <"+signalClose+">]" {
		t.Error(got)
	}
}

// TestCallURL: a URL without a path is that of the server.
func TestCallURL(t *testing.T) {
	t.Parallel()
	s, address := newCalls(t, func(c *websocket.Conn, _ func() (string, bool)) { fulfill(c, "null") })
	for _, at := range []string{"", "/", "?a=b", "/pow/", "/pow/x?a=b", "/api"} {
		c, err := StartCall(t.Context(), strings.Replace(address, "http", "ws", 1)+at, "x", nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		if value, err := c.Result(); string(value) != "null" || err != nil {
			t.Errorf("%s, %v", value, err)
		}
	}
	want := []string{"/pow/", "/pow/", "/pow/?a=b", "/pow/", "/pow/x?a=b", "/api"}
	asked := s.calls()
	for i := range want {
		if got := asked[i]; got != want[i]+`  {"call":"x"}` {
			t.Errorf("%q, want %s", got, want[i])
		}
	}
}

// TestCallRefused: why there is no call.
func TestCallRefused(t *testing.T) {
	t.Parallel()
	forbids := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "client does not support required pow-1 subprotocol", http.StatusForbidden)
	}))
	t.Cleanup(forbids.Close)
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c, err := (&websocket.Upgrader{}).Upgrade(w, r, nil); err == nil {
			defer c.Close()
			c.ReadMessage()
		}
	}))
	t.Cleanup(other.Close)
	none := func(context.Context) (string, error) { return "", errors.New("it has expired") }
	for _, test := range []struct {
		address, name, want string
		o                   *CallOptions
	}{
		{forbids.URL, "x", "403 Forbidden: client does not support required pow-1 subprotocol", nil},
		{other.URL, "x", errNotPow.Error(), nil},
		{other.URL, "\xff", `the name or a parameter of the call is not UTF-8: "\xff"`, nil},
		{"ftp://x", "x", "ftp://x: not a URL of the form", nil},
		{":8080", "x", ":8080: not a URL of the form ws://HOST:PORT/PATH", nil},
		{other.URL, "x", "there is no token: it has expired", &CallOptions{Token: none}},
	} {
		c, err := StartCall(t.Context(), test.address, test.name, nil, test.o)
		if c != nil || err == nil || !strings.HasPrefix(err.Error(), test.want) {
			t.Errorf("%s: %v, want %s", test.address, err, test.want)
		}
		if refusal := new(ws.Refusal); test.address == forbids.URL && (!errors.As(err, &refusal) || refusal.Status != 403) {
			t.Errorf("%#v", err)
		}
	}
}

// TestCallCanceled: requests to cancel come after the input before them, as often as they are
// made; the call may end well all the same.
func TestCallCanceled(t *testing.T) {
	t.Parallel()
	s, address := newCalls(t, func(c *websocket.Conn, next func() (string, bool)) {
		for range 3 {
			next()
		}
		fulfill(c, "null")
	})
	c, err := StartCall(t.Context(), address, "x", nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(c, "a")
	c.Cancel()
	c.Cancel()
	if value, err := c.Result(); string(value) != "null" || err != nil {
		t.Errorf("%s, %v", value, err)
	}
	c.Cancel()
	if got := fmt.Sprint(s.took()); got != "[a <"+signalCancel+"> <"+signalCancel+">]" {
		t.Error(got)
	}
	if n, err := c.Write([]byte("b")); n != 0 || err != io.ErrClosedPipe {
		t.Error("after the call: ", n, err)
	}
}

// TestCallLeft: when its context is done a call ends at once, whatever waits for it, and
// nothing of it remains.
func TestCallLeft(t *testing.T) {
	t.Parallel()
	for name, wait := range map[string]func(c *Call) error{
		"reading": func(c *Call) error { _, err := io.Copy(io.Discard, c); return err },
		"result":  func(c *Call) error { _, err := c.Result(); return err },
		"nothing": func(*Call) error { return nil },
		"writing": func(c *Call) error {
			block := make([]byte, 1<<20)
			for {
				if _, err := c.Write(block); err != nil {
					_, cause := c.Result()
					return errors.Join(err, cause)
				}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			left := make(chan struct{})
			s, address := newCalls(t, func(*websocket.Conn, func() (string, bool)) {
				if name == "writing" {
					<-left
				}
			})
			ctx, leave := context.WithCancelCause(t.Context())
			c, err := StartCall(ctx, address, "x", nil, nil)
			if err != nil {
				t.Fatal(err)
			}
			done := make(chan error, 1)
			go func() { done <- wait(c) }()
			eventually(t, "it was called", func() bool { return len(s.calls()) == 1 })
			gone := errors.New("enough")
			leave(gone)
			if err := <-done; name != "nothing" && !errors.Is(err, gone) {
				t.Errorf("%v", err)
			}
			close(left)
			eventually(t, "the client is gone", func() bool { return s.left() == 1 })
			if _, err := c.Result(); err != gone {
				t.Errorf("afterwards %v", err)
			}
		})
	}
}

// TestWriteTo: output goes on in whole characters, and an error of the writer ends that.
func TestWriteTo(t *testing.T) {
	t.Parallel()
	_, address := newCalls(t, func(c *websocket.Conn, _ func() (string, bool)) {
		for range 100 {
			c.WriteMessage(websocket.TextMessage, []byte(strings.Repeat("ü€😀", 1000)))
		}
		fulfill(c, "null")
	})
	c, err := StartCall(t.Context(), address, "x", nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	full := errors.New("full")
	w := &limited{room: 20000, err: full}
	if n, err := io.Copy(w, c); err != full || n != int64(len(w.got)) {
		t.Errorf("%d bytes, %v", n, err)
	}
	w.room = 1 << 30
	if n, err := c.WriteTo(w); n != int64(900000-20000) || err != nil {
		t.Errorf("%d bytes, %v", n, err)
	}
	if string(w.got) != strings.Repeat("ü€😀", 100000) {
		t.Errorf("%d bytes have come", len(w.got))
	}
	if value, err := c.Result(); string(value) != "null" || err != nil {
		t.Errorf("%s, %v", value, err)
	}
}

// limited is a writer that takes so many bytes.
type limited struct {
	room int
	err  error
	got  []byte
}

func (l *limited) Write(p []byte) (n int, err error) {
	if n = len(p); n > l.room {
		n, err = l.room, l.err
	}
	l.got, l.room = append(l.got, p[:n]...), l.room-n
	return n, err
}

// TestResultDiscards: whoever wants only the result need not read the output.
func TestResultDiscards(t *testing.T) {
	t.Parallel()
	_, address := newCalls(t, func(c *websocket.Conn, _ func() (string, bool)) {
		for range 1000 {
			c.WriteMessage(websocket.TextMessage, make([]byte, 10000))
		}
		fulfill(c, "7")
	})
	c, err := StartCall(t.Context(), address, "x", nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	var value int
	if result, err := c.Result(); err != nil || json.Unmarshal(result, &value) != nil || value != 7 {
		t.Errorf("%s, %v", result, err)
	}
}

// bound is a context that does not end, and counts what waits for that.
type bound struct {
	context.Context
	waiting atomic.Int64
}

func (b *bound) Done() <-chan struct{} { return make(chan struct{}) }

func (b *bound) AfterFunc(func()) (stop func() bool) {
	b.waiting.Add(1)
	return sync.OnceValue(func() bool {
		b.waiting.Add(-1)
		return true
	})
}

// TestCallIsForgotten: a context that goes on keeps nothing of a call that is over.
func TestCallIsForgotten(t *testing.T) {
	t.Parallel()
	_, address := newCalls(t, func(c *websocket.Conn, _ func() (string, bool)) { fulfill(c, "null") })
	ctx := &bound{Context: context.Background()}
	c, err := StartCall(ctx, address, "x", nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if n := ctx.waiting.Load(); n != 1 {
		t.Errorf("%d functions wait for the end of the context, want that of the call", n)
	}
	if _, err := c.Result(); err != nil {
		t.Error(err)
	}
	if n := ctx.waiting.Load(); n != 0 {
		t.Errorf("%d functions wait after the call", n)
	}
}
