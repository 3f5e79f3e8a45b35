//go:build unix

package libwebsocketd

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"

	"github.com/gorilla/websocket"
)

// TestStartAsync: a server in the background has a URL that works at once, for its files
// and its program. Shutdown ends its processes, waits for it and closes its port.
func TestStartAsync(t *testing.T) {
	t.Parallel()
	cfg := shell(`echo $$; exec sleep 600`)
	cfg.Static = fstest.MapFS{"index.html": {Data: []byte("<h1>here</h1>")}, ".secret": {Data: []byte("secret")}}
	cfg.UnixSocket = filepath.Join(t.TempDir(), "socket")
	s := started(t, cfg)
	at, err := s.StartAsync(0)
	if err != nil {
		t.Fatal(err)
	}
	if body := fetch(t, at+"/"); body != "<h1>here</h1>" {
		t.Errorf("the page: %q", body)
	}
	if body := fetch(t, at+"/.secret"); !strings.Contains(body, "404") {
		t.Errorf("a hidden file: %q", body)
	}
	c, _, err := websocket.DefaultDialer.Dial(strings.Replace(at, "http", "ws", 1), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_, data, err := c.ReadMessage()
	pid, _ := strconv.Atoi(strings.TrimSpace(string(data)))
	if err != nil || pid == 0 {
		t.Fatalf("%q, %v", data, err)
	}
	go c.ReadMessage() // and answers the close
	if err := s.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(pid, 0); !errors.Is(err, syscall.ESRCH) {
		t.Errorf("the process: %v", err)
	}
	if _, err := os.Stat(cfg.UnixSocket); err == nil {
		t.Error("the socket's file is there")
	}
	if _, err := s.StartAsync(0); err == nil || !strings.Contains(err.Error(), "going away") {
		t.Errorf("after Shutdown: %v", err)
	}
}

// TestStartAsyncURL: the URL names the first address.
func TestStartAsyncURL(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		addresses []string
		want      string
	}{
		{nil, "http://127.0.0.1"},
		{[]string{"localhost"}, "http://localhost"},
		{[]string{"127.0.0.2", "127.0.0.1"}, "http://127.0.0.2"},
		{[]string{"0.0.0.0"}, "http://127.0.0.1"},
		{[]string{"[::1]"}, "http://[::1]"},
		{[]string{"::"}, "http://[::1]"},
	} {
		if len(test.addresses) == 1 && strings.Contains(test.addresses[0], "::") && !hasIPv6(t) {
			continue
		}
		cfg := shell("exit")
		cfg.Addresses = test.addresses
		s := started(t, cfg)
		at, err := s.StartAsync(0)
		if err != nil {
			t.Fatalf("%q: %v", test.addresses, err)
		}
		u, err := url.Parse(at)
		if err != nil || u.Scheme+"://"+strings.TrimSuffix(u.Host, ":"+u.Port()) != test.want {
			t.Errorf("%q: %s, %v", test.addresses, at, err)
		}
		if body := fetch(t, at); !strings.Contains(body, "a program speaks WebSocket here") {
			t.Errorf("%s: %q", at, body)
		}
	}
}

// TestStartAsyncTaken: the errors are those of Listen, and nothing stays open.
func TestStartAsyncTaken(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	cfg := shell("exit")
	cfg.Addresses = []string{"127.0.0.2", "127.0.0.1"}
	s := started(t, cfg)
	port := taken.Addr().(*net.TCPAddr).Port
	if _, err := s.StartAsync(port); !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("at a taken port: %v", err)
	}
	again, err := net.Listen("tcp", "127.0.0.2:"+strconv.Itoa(port))
	if err != nil {
		t.Errorf("the other address: %v", err)
	} else {
		again.Close()
	}
	cfg.RedirectPort = freePort(t)
	if _, err := started(t, cfg).StartAsync(0); err == nil || !strings.Contains(err.Error(), "RedirectPort") {
		t.Errorf("with a RedirectPort: %v", err)
	}
}

// started returns a server that is shut down with the test.
func started(t *testing.T, cfg Config) *Server {
	t.Helper()
	s, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Shutdown(context.Background()); err != nil {
			t.Errorf("Shutdown: %v", err)
		}
	})
	return s
}

// fetch returns the body of a page, whatever its status.
func fetch(t *testing.T, at string) string {
	t.Helper()
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	answer, err := client.Get(at)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}
