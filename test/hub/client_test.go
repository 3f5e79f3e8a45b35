package hub

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"websocketd/test/harness"
)

// message is what a hub sends.
type message struct {
	Type, Channel, ProcessID string
	Data                     json.RawMessage
	Encoding                 string
	Timestamp                time.Time
	Epoch                    string
	Seq                      uint64
	Recovered                *bool
	Connected                string // of our clients in other languages: the position they ask for
}

// text returns the data of a line or of an error.
func (m *message) text(t *testing.T) (line string) {
	t.Helper()
	if err := json.Unmarshal(m.Data, &line); err != nil {
		t.Fatalf("the data of %+v is no string", m)
	}
	return line
}

// short returns a message in short: a line as it is, the rest as [type data].
func (m *message) short(t *testing.T) string {
	t.Helper()
	switch m.Type {
	case "process_output":
		return m.text(t)
	case "process_status":
		var status struct {
			Status   string
			ExitCode int
		}
		if err := json.Unmarshal(m.Data, &status); err != nil {
			t.Fatal(err)
		}
		return fmt.Sprintf("[%s %d]", status.Status, status.ExitCode)
	case "error":
		return "[error " + m.text(t) + "]"
	}
	return "[" + m.Type + "]"
}

// client is a client of a hub.
type client struct {
	*websocket.Conn
	t *testing.T
}

// connect connects a client to a server's /ws.
func connect(t *testing.T, address string, header ...http.Header) *client {
	t.Helper()
	c, err := tryConnect(t, address, header...)
	if err != nil {
		t.Fatalf("connect to %s: %v", address, err)
	}
	return c
}

func tryConnect(t *testing.T, address string, header ...http.Header) (*client, error) {
	dialer := websocket.Dialer{HandshakeTimeout: harness.Patience(t), NetDialContext: harness.DialContext(t)}
	conn, answer, err := dialer.Dial("ws://"+address+"/ws", append(header, nil)[0])
	if err != nil {
		if answer != nil {
			err = fmt.Errorf("%w: %s", err, answer.Status)
		}
		return nil, err
	}
	t.Cleanup(func() { conn.Close() })
	return &client{conn, t}, nil
}

// say sends a message.
func (c *client) say(format string, args ...any) {
	c.t.Helper()
	if err := c.WriteMessage(websocket.TextMessage, fmt.Appendf(nil, format, args...)); err != nil {
		c.t.Fatal(err)
	}
}

// subscribe subscribes to a channel, and returns when the hub has done that.
func (c *client) subscribe(channel string) {
	c.t.Helper()
	c.say(`{"type":"subscribe","data":%q}`, channel)
	c.settled()
}

// settled returns when the hub has obeyed everything this client has said.
func (c *client) settled() {
	c.t.Helper()
	c.say(`{"type":"ping","data":"x"}`)
	if m := c.next(); m.Type != "pong" || m.Data != nil || m.Timestamp.IsZero() {
		c.t.Fatalf("no pong but %+v", m)
	}
}

// next returns the next message. Each is a frame of its own, and one JSON object.
func (c *client) next() *message {
	c.t.Helper()
	kind, data, err := c.ReadMessage()
	if err != nil {
		c.t.Fatal(err)
	}
	m := new(message)
	if err := json.Unmarshal(data, m); err != nil || kind != websocket.TextMessage {
		c.t.Fatalf("a frame of kind %d is %q: %v", kind, data, err)
	}
	return m
}

// expect reads what comes next, in short, and compares.
func (c *client) expect(want ...string) {
	c.t.Helper()
	for i, w := range want {
		if got := c.next().short(c.t); got != w {
			c.t.Fatalf("message %d of %q is %q", i+1, want, got)
		}
	}
}

// until reads up to a message, in short, and returns what came before it.
func (c *client) until(last string) (before []string) {
	c.t.Helper()
	for {
		m := c.next().short(c.t)
		if m == last {
			return before
		}
		before = append(before, m)
	}
}

// ends reads until the server closes, and returns its code and reason.
func (c *client) ends() (code int, reason string) {
	c.t.Helper()
	for {
		_, _, err := c.ReadMessage()
		if closed := (*websocket.CloseError)(nil); errors.As(err, &closed) {
			return closed.Code, closed.Text
		}
		if err != nil {
			c.t.Fatalf("no close frame but %v", err)
		}
	}
}
