package pow

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/gorilla/websocket"
)

// reader is a function that returns its input, however often it is canceled.
func reader(_ context.Context, in io.Reader, _ io.Writer, _ ...string) (any, error) {
	all, err := io.ReadAll(in)
	return string(all), err
}

// model is what a conversation with reader must come to.
type model struct {
	called, closed, mistake bool
	refused                 string // the result of a call that is none
	cancels                 int
	input                   strings.Builder
	late                    bool // a mistake that may be seen only after the end
}

// control is told of a binary message.
func (m *model) control(message string) {
	isCall, _ := oracleCall([]byte(message))
	value, _ := member([]byte(message), "signal")
	switch signal, _ := isText(value); {
	case m.refused != "":
	case !m.called && isCall.Name == "reader":
		m.called = true
	case !m.called && json.Valid([]byte(message)):
		m.refused = `{"status":"rejected","reason":"failed to get process: unknown process"}`
	case !m.called:
		m.refused = `{"status":"rejected","reason":"protocol error occurred"}`
	case signal == "close":
		m.closed = true
	default: // of two, the first is the cause
		if signal != "cancel" && m.cancels == 0 {
			m.mistake, m.late = m.mistake || !m.closed, m.closed
		}
		m.cancels++
	}
}

func (m *model) text(text string) {
	if m.refused == "" && !m.closed {
		m.input.WriteString(text)
	}
}

// over reports whether the function returns.
func (m *model) over() bool { return m.refused != "" || m.closed || m.cancels > 1 }

// check compares a result.
func (m *model) check(t *testing.T, result string) {
	t.Helper()
	const mistake = `{"status":"rejected","reason":"process returned error: protocol error occurred"}`
	var r struct{ Value *string }
	json.Unmarshal([]byte(result), &r)
	switch {
	case m.refused != "" && result == m.refused, (m.mistake || m.late) && result == mistake:
	case m.refused != "" || m.mistake || r.Value == nil:
		t.Errorf("the result is %s, of %+v", result, m)
	case m.cancels < 2 && *r.Value != m.input.String(), !strings.HasPrefix(m.input.String(), *r.Value):
		t.Errorf("the input was %q, not %q", *r.Value, m.input.String())
	}
}

// FuzzConversation has a client send messages in any order, and compares the result with the
// model. There is always one, and it is the last message.
func FuzzConversation(f *testing.F) {
	f.Add([]byte{0, 6, 1, 3})
	f.Add([]byte{6, 0, 3, 0, 3, 4, 5})
	f.Add([]byte{6, 0, 4, 0, 4, 0, 3})
	f.Add([]byte{6, 5, 0, 3})
	f.Add([]byte{2, 7, 0, 6, 6, 7, 0})
	f.Add([]byte{3})
	f.Add([]byte{1, 5})
	f.Add([]byte{6, 4, 5, 3})
	messages := []string{3: `{"signal":"close"}`, 4: `{"signal":"cancel"}`, 5: `nonsense`, 6: `{"call":"reader"}`}
	f.Fuzz(func(t *testing.T, ops []byte) {
		s := serve(t, Options{Funcs: map[string]Func{"reader": reader}})
		c, m := s.open(), new(model)
		ends := slices.Concat(ops[:min(len(ops), 50)], []byte{6, 3})
		for i, op := range ends {
			if i >= len(ends)-2 && (op == 6 && (m.called || m.over()) || m.over()) {
				continue
			}
			switch op %= 8; op {
			case 0, 1:
				text := fmt.Sprint(i, strings.Repeat("ä", int(op)*i))
				c.WriteMessage(websocket.TextMessage, []byte(text)) // fails where the server has ended it
				m.text(text)
			case 2:
				c.WriteMessage(websocket.TextMessage, nil)
			case 7:
				c.WriteMessage(websocket.PingMessage, []byte("x"))
			default:
				c.WriteMessage(websocket.BinaryMessage, []byte(messages[op]))
				m.control(messages[op])
			}
		}
		kind, data, err := c.ReadMessage()
		if kind != websocket.BinaryMessage || err != nil {
			t.Fatalf("%d %q, %v", kind, data, err)
		}
		m.check(t, string(data))
		c.closes()
	})
}
