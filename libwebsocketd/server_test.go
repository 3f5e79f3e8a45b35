//go:build unix

package libwebsocketd

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/internal/testkit"
)

// TestConversation runs one, from the handshake to the line in the log.
func TestConversation(t *testing.T) {
	t.Parallel()
	s := serve(t, shell(`read a; echo "got $a"; printf tail; exit 5`))
	c := s.dial(t, "/x", nil)
	if err := c.WriteMessage(websocket.TextMessage, []byte("caf\u00e9")); err != nil {
		t.Fatal(err)
	}
	mustRead(t, c, "got caf\u00e9")
	mustRead(t, c, "tail")
	mustEnd(t, c, 4005, "exit status 5")
	testkit.Eventually(t, "the end is in the log", func() bool { return len(s.log.Category("session")) == 2 })
	lines := s.log.Category("session")
	want := "DISCONNECT ending=exit status 5 exit=exit status 5 messagesout=2 bytesout=13 messagesin=1 bytesin=5 undelivered=0 duration="
	if lines[0] != "CONNECT" || !strings.HasPrefix(lines[1], want) {
		t.Errorf("the log says %q, want %s", lines, want)
	}
}

// TestEndings checks the close codes of real ends.
func TestEndings(t *testing.T) {
	t.Parallel()
	for script, want := range map[string]struct {
		code   int
		reason string
	}{
		"exit 0":             {1000, "exit status 0"},
		"exit 255":           {4255, "exit status 255"},
		"kill -9 $$":         {4137, "signal: SIGKILL"},
		"exec 1>&-; kill $$": {4143, "signal: SIGTERM"},
	} {
		s := serve(t, shell(script))
		mustEnd(t, s.dial(t, "/", nil), want.code, want.reason)
	}
}

// TestClientCloses: the close is answered at once with its code, and the program is ended
// after that.
func TestClientCloses(t *testing.T) {
	t.Parallel()
	s := serve(t, shell(`trap '' INT TERM; echo ready; while :; do sleep 600 & wait; done`))
	c := s.dial(t, "/", nil)
	mustRead(t, c, "ready")
	c.WriteMessage(websocket.CloseMessage, websocket.FormatCloseMessage(4321, "bye"))
	mustEnd(t, c, 4321, "")
	if s.slots.InUse() == 0 {
		t.Error("the answer has waited for the program's end")
	}
	testkit.Eventually(t, "the slot is free", func() bool { return s.slots.InUse() == 0 })
	testkit.Eventually(t, "the log says how", func() bool {
		return strings.Contains(strings.Join(s.log.Category("session"), " "), "ending=client closed: 4321")
	})
}

// TestShutdown: clients get 1001 after the program's last output, Serve returns nil, every
// further request is refused, and a second Shutdown does nothing.
func TestShutdown(t *testing.T) {
	t.Parallel()
	cfg := shell(`echo ready; while read x; do :; done; printf 'last words'`)
	cfg.CloseDelay = testkit.Patience
	s := serve(t, cfg)
	clients := []*websocket.Conn{s.dial(t, "/", nil), s.dial(t, "/", nil)}
	for _, c := range clients {
		mustRead(t, c, "ready")
	}
	idle, err := net.Dial("tcp", s.addr) // never sends a request
	if err != nil {
		t.Fatal(err)
	}
	defer idle.Close()
	testkit.Eventually(t, "the idle one is accepted", func() bool {
		s.conns.mu.Lock()
		defer s.conns.mu.Unlock()
		return len(s.conns.fresh) == 1
	})
	result := make(chan error, 1)
	go func() { result <- s.Shutdown(t.Context()) }()
	for _, c := range clients {
		mustRead(t, c, "last words")
		mustEnd(t, c, 1001, "server is going away")
	}
	testkit.Within(t, 4*time.Second, "Shutdown", func() { // net/http would wait five for the idle one
		if err := <-result; err != nil {
			t.Error(err)
		}
		if err := <-s.over; err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	if !s.shut() {
		t.Error("still accepting")
	}
	if err := s.Shutdown(t.Context()); err != nil {
		t.Errorf("the second Shutdown: %v", err)
	}
	if lines := s.log.Category("process"); strings.Contains(strings.Join(lines, " "), "still there") {
		t.Errorf("the log says %q", lines)
	}
}

// TestShutdownLateConnection: one that is accepted when nothing is let in any
// more holds Shutdown up no longer than one before.
func TestShutdownLateConnection(t *testing.T) {
	t.Parallel()
	s := serve(t, shell("exit 0"))
	s.Server.close()
	late, err := net.Dial("tcp", s.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer late.Close()
	behind, err := net.Dial("tcp", s.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer behind.Close()
	io.WriteString(behind, "GET / HTTP/1.0\r\n\r\n")
	io.ReadAll(behind) // answered or not, the late one was accepted before
	testkit.Within(t, 4*time.Second, "Shutdown", func() {
		if err := s.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
	})
}

// TestShutdownStuckClient: a client that takes nothing holds Shutdown up only
// until its context is done.
func TestShutdownStuckClient(t *testing.T) {
	t.Parallel()
	cfg := shell("trap '' INT TERM; yes")
	cfg.CloseDelay = time.Hour
	s := serve(t, cfg)
	s.dial(t, "/", nil)
	last, same := int64(0), 0
	testkit.Eventually(t, "nothing more gets through", func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		for x := range s.sessions {
			if out, _ := x.client.(bridge.Listener).BytesAcked(); out == last && out > 0 {
				same++
			} else {
				last, same = out, 0
			}
		}
		return same > 100
	})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	testkit.Within(t, testkit.Patience, "Shutdown", func() {
		if err := s.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Shutdown: %v", err)
		}
	})
	if n := s.slots.InUse(); n != 0 {
		t.Errorf("%d slots are still held", n)
	}
}

// TestMounted checks a server in an embedder's mux.
func TestMounted(t *testing.T) {
	t.Parallel()
	s, err := New(shell(`read a; echo "$PATH_INFO $a"`))
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/echo/", http.StripPrefix("/echo", s))
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })
	front := httptest.NewServer(mux)
	defer front.Close()
	dial := func(path string) (*websocket.Conn, *http.Response, error) {
		return websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(front.URL, "http")+path, nil)
	}
	c, _, err := dial("/echo/there")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.WriteMessage(websocket.TextMessage, []byte("a"))
	mustRead(t, c, "/there a")
	mustEnd(t, c, 1000, "exit status 0")
	if answer, err := http.Get(front.URL + "/other"); err != nil || answer.StatusCode != http.StatusTeapot {
		t.Errorf("another handler: %v, %v", answer, err)
	} else {
		answer.Body.Close()
	}
	if err := s.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	if _, answer, err := dial("/echo/"); err == nil || answer == nil || answer.StatusCode != http.StatusServiceUnavailable || answer.Header.Get("Retry-After") == "" {
		t.Errorf("after Shutdown: %v, %v", answer, err)
	}
	http.DefaultClient.CloseIdleConnections()
}

// TestServeError: when one listener fails the others have nothing to go on for.
func TestServeError(t *testing.T) {
	t.Parallel()
	good, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := serve(t, shell("exit 0"), good, brokenListener{})
	testkit.Within(t, testkit.Patience, "Serve", func() {
		if err := <-s.over; !errors.Is(err, io.ErrNoProgress) {
			t.Errorf("Serve: %v", err)
		}
	})
	if !s.shut() {
		t.Error("the other listener is still open")
	}
}

// brokenListener accepts nothing.
type brokenListener struct{}

// Accept implements net.Listener.
func (brokenListener) Accept() (net.Conn, error) { return nil, io.ErrNoProgress }

// Close implements net.Listener.
func (brokenListener) Close() error { return nil }

// Addr implements net.Listener.
func (brokenListener) Addr() net.Addr { return &net.TCPAddr{} }

// TestMaxForks: the limit is exact, however many clients come at once, and a slot is free
// again when its program is gone.
func TestMaxForks(t *testing.T) {
	t.Parallel()
	const limit, clients = 3, 20
	cfg := shell("cat")
	cfg.MaxForks = limit
	s := serve(t, cfg)
	var in, full atomic.Int32
	got := make(chan *websocket.Conn, clients)
	for range clients {
		go func() {
			c, answer, err := s.tryDial("/", nil)
			switch {
			case err == nil:
				in.Add(1)
			case answer != nil && answer.StatusCode == http.StatusTooManyRequests && answer.Header.Get("Retry-After") != "":
				full.Add(1)
			}
			got <- c
		}()
	}
	var open []*websocket.Conn
	for range clients {
		if c := <-got; c != nil {
			open = append(open, c)
		}
	}
	if in.Load() != limit || full.Load() != clients-limit {
		t.Errorf("%d let in, %d refused", in.Load(), full.Load())
	}
	for _, c := range open {
		c.Close()
	}
	testkit.Eventually(t, "a slot is free", func() bool {
		c, _, err := s.tryDial("/", nil)
		if err == nil {
			c.Close()
		}
		return err == nil
	})
}

// TestAnswerHeaders: which of the operator's headers go where, and which
// subprotocol is chosen.
func TestAnswerHeaders(t *testing.T) {
	t.Parallel()
	cfg := shell("exit 0")
	cfg.Header = http.Header{"X-All": {"1", "2"}}
	cfg.HeaderWS = http.Header{"X-Ws": {"ws"}}
	cfg.HeaderHTTP = http.Header{"X-Http": {"http"}}
	cfg.Protocols = []string{"two", "one"}
	s := serve(t, cfg)
	for _, test := range []struct{ offered, chosen string }{{"", ""}, {"one, two", "one"}, {"ONE,three", ""}, {"three,two", "two"}} {
		header := http.Header{}
		if test.offered != "" {
			header.Set("Sec-WebSocket-Protocol", test.offered)
		}
		c, answer, err := s.tryDial("/", header)
		if err != nil {
			t.Fatal(err)
		}
		c.Close()
		if got := answer.Header.Get("Sec-WebSocket-Protocol"); got != test.chosen {
			t.Errorf("of %q %q is chosen, want %q", test.offered, got, test.chosen)
		}
		if h := answer.Header; strings.Join(h["X-All"], ",") != "1,2" || h.Get("X-Ws") != "ws" || h.Get("X-Http") != "" || h.Get("Date") != "" {
			t.Errorf("the 101 has %v", h)
		}
	}
	status, _, h := s.ask(t, "GET / HTTP/1.1\nHost: HOST\n\n")
	if status != 404 || strings.Join(h["X-All"], ",") != "1,2" || h.Get("X-Ws") != "" || h.Get("X-Http") != "http" {
		t.Errorf("the %d has %v", status, h)
	}
}

// TestLaunchRefusals: a program that cannot be started is an HTTP status.
func TestLaunchRefusals(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	gone := writeFile(t, dir, "gone", "#!/bin/sh\n", 0o755)
	for _, test := range []struct {
		file   string
		status int
		reason string
	}{
		{writeFile(t, dir, "plain", "#!/bin/sh\n", 0o644), 403, "may not be executed"},
		{writeFile(t, dir, "interpreter", "#!/no/such/interpreter\n", 0o755), 500, "interpreter"},
		{writeFile(t, dir, "format", "no program\n", 0o755), 500, "#!"},
		{gone, 404, "does not exist"},
	} {
		s := serve(t, Config{Command: []string{test.file}})
		if test.file == gone {
			os.Remove(gone)
		}
		status, body, _ := s.ask(t, handshake("/"))
		if status != test.status || !strings.Contains(body, test.reason) || strings.Contains(body, dir) {
			t.Errorf("%s: %d %q, want %d and %q", filepath.Base(test.file), status, body, test.status, test.reason)
		}
		if n := s.slots.InUse(); n != 0 {
			t.Errorf("%s: %d slots are held", filepath.Base(test.file), n)
		}
	}
}
