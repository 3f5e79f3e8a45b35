package examples

import (
	"context"
	"errors"
	"io"
	"net/http"
	"testing"

	"github.com/coder/websocket"

	"websocketd/test/harness"
)

// client is a WebSocket client that talks in lines and fails the test.
type client struct {
	t    *testing.T
	ctx  context.Context
	conn *websocket.Conn
}

// connect opens a WebSocket.
func connect(t *testing.T, s *harness.Server, target string, headers http.Header) client {
	t.Helper()
	options := &websocket.DialOptions{HTTPHeader: headers, HTTPClient: harness.HTTPClient(t)}
	conn, _, err := websocket.Dial(t.Context(), "ws://"+s.Addr+target, options)
	if err != nil {
		t.Fatalf("connect to %s: %v", target, err)
	}
	t.Cleanup(func() { conn.CloseNow() })
	return client{t, t.Context(), conn}
}

func (c client) send(text string) {
	c.t.Helper()
	if err := c.conn.Write(c.ctx, websocket.MessageText, []byte(text)); err != nil {
		c.t.Fatalf("send %q: %v", text, err)
	}
}

func (c client) receive() string {
	c.t.Helper()
	_, data, err := c.conn.Read(c.ctx)
	if err != nil {
		c.t.Fatalf("receive: %v", err)
	}
	return string(data)
}

func (c client) expect(want string) {
	c.t.Helper()
	if got := c.receive(); got != want {
		c.t.Fatalf("got %q, expected %q", got, want)
	}
}

// rest receives until the server closes, which must be with the code.
func (c client) rest(code websocket.StatusCode) (lines []string) {
	c.t.Helper()
	for {
		_, data, err := c.conn.Read(c.ctx)
		if closed := (websocket.CloseError{}); errors.As(err, &closed) && closed.Code == code {
			return lines
		}
		if err != nil {
			c.t.Fatalf("after %d lines: %v, expected to be closed with %d", len(lines), err, code)
		}
		lines = append(lines, string(data))
	}
}

// leave closes and waits for the answer.
func (c client) leave() {
	c.t.Helper()
	if err := c.conn.Close(websocket.StatusNormalClosure, ""); err != nil {
		c.t.Fatalf("close: %v", err)
	}
}

// get makes a plain HTTP request.
func get(t *testing.T, s *harness.Server, target string, headers http.Header) (contentType, body string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+s.Addr+target, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header = headers
	request.Close = true
	response, err := harness.HTTPClient(t).Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("GET %s: %s, %v\n%s", target, response.Status, err, text)
	}
	return response.Header.Get("Content-Type"), string(text)
}
