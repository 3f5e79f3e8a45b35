package exchange

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/internal/exit"
)

// TestMain fails the package when a goroutine is left behind.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var exit3 = &bridge.EndedError{Ending: exit.Ending{Code: 3}}

// events is an Encoder with comments, whose end is a part of the answer.
type events struct{ epoch string }

func (events) Header(h http.Header) { h.Set("Content-Type", "text/event-stream") }
func (events) Comment() string      { return ":\n" }
func (events) Tells() bool          { return true }

func (e events) Message(b []byte, number uint64, m *bridge.Message) []byte {
	return fmt.Appendf(b, "id: %s:%d\ndata: %s\n\n", e.epoch, number, m.Data)
}

func (e events) Note(b []byte, before uint64, n *bridge.Note) []byte {
	return fmt.Appendf(b, "id: %s:%d\nevent: gap\ndata: %s\n\n", e.epoch, before, n)
}

func (e events) End(b []byte, before uint64, cause error, _ http.Header) []byte {
	code, reason := bridge.Closing(cause)
	return fmt.Appendf(b, "id: %s:%d\nevent: end\ndata: {\"code\":%d,\"reason\":%q}\n\n", e.epoch, before, code, reason)
}

// exitHeader is where plainForm tells the end.
const exitHeader = "X-Exit"

// plainForm is an Encoder of lines, without comments.
type plainForm struct{ trailer bool }

func (f plainForm) Header(h http.Header) {
	if f.trailer {
		h.Set("Trailer", exitHeader)
	}
}

func (plainForm) Comment() string { return "" }
func (f plainForm) Tells() bool   { return f.trailer }

func (plainForm) Message(b []byte, _ uint64, m *bridge.Message) []byte {
	return append(append(b, m.Data...), '\n')
}

func (plainForm) Note(b []byte, _ uint64, n *bridge.Note) []byte { return append(b, n.String()...) }

func (plainForm) End(b []byte, _ uint64, cause error, h http.Header) []byte {
	code, reason := bridge.Closing(cause)
	h.Set(exitHeader, fmt.Sprint(code, " ", reason))
	return b
}

// said is a batch of text.
func said(s ...string) (batch []bridge.Message) {
	for _, data := range s {
		batch = append(batch, bridge.Message{Kind: bridge.Text, Data: []byte(data)})
	}
	return batch
}

func texts(s ...string) *bridge.Chunk { return bridge.NewChunk(said(s...)) }

// request makes one with a body.
func request(t *testing.T, method, body string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, "/", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// newClient is the Client of a GET.
func newClient(t *testing.T, w http.ResponseWriter, f Encoder) *Client {
	t.Helper()
	return New(t.Context(), w, request(t, "GET", ""), Options{Encoder: f, Peer: &stranger{}, Interval: -1})
}

// finish is the end of a conversation as bridge.Pipe has it.
func finish(c *Client, cause error) {
	if gone := context.Cause(c.ctx); gone != nil {
		cause = gone
	}
	c.CloseSend(cause)
	c.Close()
}
