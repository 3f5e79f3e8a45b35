//go:build unix

package libwebsocketd

import (
	"bufio"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"websocketd/libwebsocketd/internal/testkit"
)

// serving is a server on the loopback, or on the listener given.
type serving struct {
	*Server
	addr string
	log  *testkit.LogBook
	over chan error // what Serve returned
	door net.Listener
}

// shut reports whether the listener is closed. Another process may have its port then.
func (s *serving) shut() bool {
	return errors.Is(s.door.(interface{ SetDeadline(time.Time) error }).SetDeadline(time.Time{}), net.ErrClosed)
}

// serve starts a server. It is shut down with the test, if not before.
func serve(t *testing.T, cfg Config, listeners ...net.Listener) *serving {
	t.Helper()
	if len(listeners) == 0 {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		listeners = append(listeners, l)
	}
	s := &serving{addr: listeners[0].Addr().String(), log: new(testkit.LogBook), over: make(chan error, 1), door: listeners[0]}
	cfg.Logger = slog.New(s.log)
	if cfg.PassEnv == nil {
		cfg.PassEnv = []string{"PATH"}
	}
	var err error
	if s.Server, err = New(cfg); err != nil {
		t.Fatal(err)
	}
	go func() { s.over <- s.Serve(listeners...) }()
	t.Cleanup(func() {
		if err := s.Shutdown(context.Background()); err != nil {
			t.Errorf("Shutdown: %v", err)
		}
		if n := s.slots.InUse(); n != 0 {
			t.Errorf("%d slots are still held", n)
		}
	})
	return s
}

// shell returns a server of a script.
func shell(script string) Config {
	return Config{Command: []string{"/bin/sh", "-c", script}}
}

// dial connects gorilla's client. It is closed with the test.
func (s *serving) dial(t *testing.T, path string, header http.Header) *websocket.Conn {
	t.Helper()
	c, answer, err := s.tryDial(path, header)
	if err != nil {
		t.Fatalf("dial: %v, %v", err, answer)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func (s *serving) tryDial(path string, header http.Header) (*websocket.Conn, *http.Response, error) {
	d := websocket.Dialer{HandshakeTimeout: testkit.Patience, NetDial: func(network, addr string) (net.Conn, error) {
		if strings.HasPrefix(s.addr, "/") {
			return net.Dial("unix", s.addr)
		}
		return net.Dial(network, addr)
	}}
	host := s.addr
	if strings.HasPrefix(host, "/") {
		host = "anything"
	}
	return d.Dial("ws://"+host+path, header)
}

// ask sends what it is given and reads one answer. HOST stands for the server.
func (s *serving) ask(t *testing.T, request string) (status int, body string, header http.Header) {
	t.Helper()
	c, err := net.Dial("tcp", s.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	request = strings.ReplaceAll(strings.ReplaceAll(request, "HOST", s.addr), "\n", "\r\n")
	go io.WriteString(c, request)
	answer, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatalf("%.80q: %v", request, err)
	}
	defer answer.Body.Close()
	if answer.StatusCode == http.StatusSwitchingProtocols {
		return answer.StatusCode, "", answer.Header
	}
	data, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatalf("%.80q: %v", request, err)
	}
	return answer.StatusCode, string(data), answer.Header
}

// mustRead reads one text message.
func mustRead(t *testing.T, c *websocket.Conn, want string) {
	t.Helper()
	kind, data, err := c.ReadMessage()
	if kind != websocket.TextMessage || string(data) != want || err != nil {
		t.Fatalf("read %q of kind %d, %v; want %q", data, kind, err, want)
	}
}

// mustEnd reads to the close frame, and closes then as clients do.
func mustEnd(t *testing.T, c *websocket.Conn, code int, reason string) {
	t.Helper()
	for {
		if _, data, err := c.ReadMessage(); err != nil {
			closed, ok := err.(*websocket.CloseError)
			if !ok || closed.Code != code || closed.Text != reason {
				t.Errorf("the end is %v, want %d %q", err, code, reason)
			}
			c.Close()
			return
		} else if len(data) > 0 {
			t.Errorf("%q before the end", data)
		}
	}
}

func writeFile(t *testing.T, dir, name, content string, mode os.FileMode) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(content), mode); err != nil {
		t.Fatal(err)
	}
	return path
}

// panicking is a ResponseWriter of an embedder's middleware.
type panicking struct{ http.ResponseWriter }

// Hijack implements http.Hijacker.
func (panicking) Hijack() (net.Conn, *bufio.ReadWriter, error) { panic(http.ErrAbortHandler) }

// TestPanicBeforeTheConversation: net/http recovers from it, and Shutdown does not
// wait for a conversation that never began.
func TestPanicBeforeTheConversation(t *testing.T) {
	s, err := New(Config{Command: []string{"/bin/cat"}, Hosts: []string{"*"}})
	if err != nil {
		t.Fatal(err)
	}
	outer := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.ServeHTTP(panicking{w}, r)
	}))
	d := websocket.Dialer{}
	if _, _, err := d.Dial("ws"+strings.TrimPrefix(outer.URL, "http"), nil); err == nil {
		t.Error("a handshake that panicked is answered")
	}
	outer.Close()
	ctx, cancel := context.WithCancel(t.Context())
	cancel() // what was started for it is killed
	testkit.Within(t, testkit.Patience, "Shutdown", func() { s.Shutdown(ctx) })
}
