//go:build unix

package libwebsocketd

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gorilla/websocket"
)

// TestChildSees asks a real child for its environment.
func TestChildSees(t *testing.T) {
	t.Parallel()
	cfg := Config{Command: []string{"/usr/bin/env"}, Settings: Settings{PassEnv: []string{}}}
	socket := filepath.Join(t.TempDir(), "s")
	listeners, err := Listen(Config{UnixSocket: socket})
	if err != nil {
		t.Fatal(err)
	}
	tcp, unix := serve(t, cfg), serve(t, cfg, listeners...)
	header := http.Header{"X-A": {"1"}, "Proxy": {"evil"}, "A_b": {"evil"}}

	c := tcp.dial(t, "/p%20q?r=s", header)
	_, port, _ := net.SplitHostPort(c.LocalAddr().String())
	host, ownPort, _ := net.SplitHostPort(tcp.addr)
	seen := readAll(t, c)
	check(t, "tcp", seen, []string{
		"REMOTE_ADDR=127.0.0.1", "REMOTE_HOST=127.0.0.1", "REMOTE_PORT=" + port, "SERVER_NAME=" + host, "SERVER_PORT=" + ownPort,
		"SERVER_PROTOCOL=HTTP/1.1", "REQUEST_METHOD=GET", "PATH_INFO=/p q", "REQUEST_URI=/p%20q?r=s", "QUERY_STRING=r=s",
		"HTTP_X_A=1", "HTTP_HOST=" + tcp.addr, "HTTP_UPGRADE=websocket", "!HTTP_PROXY", "!HTTP_A_B", "!HTTPS", "!HOME", "!PATH",
	})
	checkEntries(t, seen)
	check(t, "unix", readAll(t, unix.dial(t, "/", header)), []string{
		"REMOTE_ADDR=unix-socket", "REMOTE_HOST=unix-socket", "REMOTE_PORT=", "SERVER_NAME=anything", "SERVER_PORT=80", "HTTP_X_A=1"})
}

// TestChildSeesTLS: the same when an embedder's server does TLS.
func TestChildSeesTLS(t *testing.T) {
	t.Parallel()
	s, err := New(Config{Command: []string{"/usr/bin/env"}, Settings: Settings{PassEnv: []string{}}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Shutdown(context.Background())
	front := httptest.NewTLSServer(s)
	defer front.Close()
	d := websocket.Dialer{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
	c, _, err := d.Dial("wss"+strings.TrimPrefix(front.URL, "https"), nil)
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(strings.TrimPrefix(front.URL, "https://"))
	check(t, "TLS", readAll(t, c), []string{"HTTPS=on", "SERVER_PORT=" + port, "SERVER_NAME=127.0.0.1"})
}

// readAll returns every message up to a normal end.
func readAll(t *testing.T, c *websocket.Conn) (messages []string) {
	t.Helper()
	defer c.Close()
	for {
		_, data, err := c.ReadMessage()
		if err != nil {
			if !websocket.IsCloseError(err, websocket.CloseNormalClosure) {
				t.Errorf("the end is %v", err)
			}
			return messages
		}
		messages = append(messages, string(data))
	}
}
