package hub

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/gorilla/websocket"

	"websocketd/libwebsocketd/internal/testkit"
)

// start returns a Hub that runs until the end of the test, and where it is.
func start(t *testing.T, o Options) (*Hub, string) {
	t.Helper()
	h := New(o)
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		if err := h.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	awaitRunning(t, h)
	at := httptest.NewServer(h.Handler())
	t.Cleanup(func() {
		cancel()
		running.Wait()
		at.Close()
	})
	return h, "ws" + strings.TrimPrefix(at.URL, "http")
}

// awaitRunning returns when Run runs.
func awaitRunning(t testing.TB, h *Hub) {
	t.Helper()
	testkit.Eventually(t, "the hub runs", h.isRunning)
}

// client is a client of a Hub, as gorilla makes it.
type client struct {
	t *testing.T
	*websocket.Conn
}

func dial(t *testing.T, url string) client {
	t.Helper()
	c, _, err := websocket.DefaultDialer.Dial(url, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return client{t, c}
}

func (c client) say(format string, args ...any) {
	c.t.Helper()
	if err := c.WriteMessage(websocket.TextMessage, fmt.Appendf(nil, format, args...)); err != nil {
		c.t.Fatal(err)
	}
}

// got is a message of a Hub.
type got struct {
	Type, Channel, ProcessID string
	Data                     any
	Timestamp, Epoch         string
	Seq                      uint64
	Recovered                *bool
}

func (c client) next() (m got) {
	c.t.Helper()
	_, data, err := c.ReadMessage()
	if err != nil {
		c.t.Fatal(err)
	}
	if err := json.Unmarshal(data, &m); err != nil {
		c.t.Fatalf("%s: %v", data, err)
	}
	return m
}

// settled returns when the Hub has obeyed everything this client has said.
func (c client) settled() {
	c.t.Helper()
	c.say(`{"type":"ping"}`)
	if m := c.next(); m.Type != TypePong {
		c.t.Fatalf("no pong but %+v", m)
	}
}

// TestChannels: 2.7 (1): each client gets its own channel's output and nothing else.
func TestChannels(t *testing.T) {
	h, url := start(t, Options{})
	a, b, c := dial(t, url), dial(t, url), dial(t, url)
	a.say(`{"type":"subscribe","data":"process:build-1"}`)
	b.say(`{"type":"subscribe","channel":"process:build-1"}`)
	c.say(`{"type":"subscribe","data":"process:test-5"}`)
	for _, c := range []client{a, b, c} {
		c.settled()
	}
	h.SendProcessOutput("build-1", "compiling...")
	h.SendProcessOutput("test-5", "PASS")
	for _, test := range []struct {
		client client
		line   string
	}{{a, "compiling..."}, {b, "compiling..."}, {c, "PASS"}} {
		if m := test.client.next(); m.Data != test.line || m.Type != TypeOutput || m.Seq != 1 || m.Epoch == "" {
			t.Errorf("got %+v, want %q", m, test.line)
		}
		test.client.settled()
	}
}

// TestAfter: a client that comes back gets what it has missed, and is told so.
func TestAfter(t *testing.T) {
	h, url := start(t, Options{})
	for i := range 5 {
		h.SendProcessOutput("x", fmt.Sprint(i+1))
	}
	c := dial(t, url)
	c.say(`{"type":"subscribe","data":"process:x","after":"other:3"}`)
	var epoch string
	for i := range 5 {
		m := c.next()
		epoch = m.Epoch
		if m.Seq != uint64(i+1) {
			t.Fatalf("got %+v", m)
		}
	}
	if m := c.next(); m.Type != TypeSubscribed || *m.Recovered || m.Seq != 5 {
		t.Fatalf("got %+v", m)
	}
	c.say(`{"type":"subscribe","data":"process:x","after":"%s:3"}`, epoch)
	for i := range 2 {
		if m := c.next(); m.Seq != uint64(i+4) {
			t.Fatalf("got %+v", m)
		}
	}
	if m := c.next(); m.Type != TypeSubscribed || !*m.Recovered || m.Seq != 5 {
		t.Fatalf("got %+v", m)
	}
}
