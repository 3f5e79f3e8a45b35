package client

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"

	"github.com/gorilla/websocket"
)

// calls is a server of calls, as far as its clients see.
type calls struct {
	mu    sync.Mutex
	asked []string // paths and calls
	heard []string // what has come after the call, one message each; signals in <>
	texts int      // bytes of the largest message of input
	gone  int      // connections that have ended
}

// newCalls starts a server that answers every call by answer, which may read on through next:
// that returns a message, and false when the client is gone.
func newCalls(t *testing.T, answer func(c *websocket.Conn, next func() (string, bool))) (*calls, string) {
	t.Helper()
	s := &calls{}
	upgrader := websocket.Upgrader{Subprotocols: []string{"pow-1"}}
	h := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := upgrader.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		defer c.Close()
		defer s.note(func() { s.gone++ })
		_, call, err := c.ReadMessage()
		if err != nil {
			return
		}
		s.note(func() {
			s.asked = append(s.asked, r.URL.RequestURI()+" "+r.Header.Get("Authorization")+" "+string(call))
		})
		answer(c, func() (string, bool) { return s.next(c) })
		for ok := true; ok; {
			_, ok = s.next(c)
		}
	}))
	t.Cleanup(h.Close)
	return s, h.URL
}

func (s *calls) note(change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change()
}

// next reads a message, and notes it.
func (s *calls) next(c *websocket.Conn) (string, bool) {
	kind, data, err := c.ReadMessage()
	if err != nil {
		return "", false
	}
	text := string(data)
	if kind == websocket.BinaryMessage {
		text = "<" + text + ">"
	}
	s.note(func() {
		s.heard = append(s.heard, text)
		if kind == websocket.TextMessage {
			s.texts = max(s.texts, len(data))
		}
	})
	return text, true
}

// calls returns what was called so far.
func (s *calls) calls() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.asked)
}

// took returns what has come after the call so far.
func (s *calls) took() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.heard)
}

// left returns how many clients are gone.
func (s *calls) left() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.gone
}

// fulfill sends a result, and the close frame after it.
func fulfill(c *websocket.Conn, value string) {
	c.WriteMessage(websocket.BinaryMessage, []byte(`{"status":"fulfilled","value":`+value+`}`))
	closeWith(c, 1000, "")
}

func closeWith(c *websocket.Conn, code int, reason string) {
	c.WriteMessage(websocket.CloseMessage, websocket.FormatCloseMessage(code, reason))
}
