package pow

import (
	"context"
	"io"
	"strings"
	"testing"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/bridge"
)

// piece returns a piece of a message.
func piece(size int, more bool) *bridge.Message {
	return &bridge.Message{Kind: bridge.Binary, Data: []byte(strings.Repeat("x", size)), More: more}
}

// TestPieces: a message is joined, and counted while it is not whole, unless it is little.
func TestPieces(t *testing.T) {
	b := &budget{limit: 3 * mostKept}
	p := pieces{account: func() memory { return b }}
	if data, whole, err := p.add(piece(mostControl, false)); len(data) != mostControl || !whole || err != nil || b.held != 0 {
		t.Errorf("in one piece: %d bytes, %t, %v, %d counted", len(data), whole, err, b.held)
	}
	for i, held := range []int{0, 2 * mostKept, 3 * mostKept} {
		data, whole, err := p.add(piece(mostKept, i < 2))
		if len(data) != (i+1)*mostKept || whole != (i == 2) || err != nil || b.held != held {
			t.Errorf("piece %d: %d bytes, %t, %v, %d counted", i, len(data), whole, err, b.held)
		}
	}
	p.free()
	for i, want := range []error{errNoRoom, errProtocol} {
		if _, whole, err := p.add(piece(2*mostKept, true)); whole || err != nil {
			t.Errorf("%t, %v", whole, err)
		}
		if _, whole, err := p.add(piece([]int{2 * mostKept, mostControl}[i], false)); whole || err != want || p.data != nil {
			t.Errorf("%t, %v, not %v", whole, err, want)
		}
		if freed := i + 2; b.held != 0 || b.freed != freed {
			t.Errorf("%d counted, freed %d times", b.held, b.freed)
		}
	}
}

// TestMessagesInPieces: without a limit of messages a call and a signal have one.
func TestMessagesInPieces(t *testing.T) {
	t.Parallel()
	s := serve(t, Options{Funcs: map[string]Func{"reader": reader, "size": func(_ context.Context, _ io.Reader, _ io.Writer, params ...string) (any, error) {
		return len(params[0]), nil
	}}}, func(c *libwebsocketd.Config) { c.MaxFrameSize = -1 })
	long, longer := strings.Repeat("x", 900<<10), strings.Repeat("x", mostControl)
	s.call(`{"call":"size","params":["`+long+`"]}`).ends("", `{"status":"fulfilled","value":921600}`)
	s.call(`{"call":"size","params":["`+longer+`"]}`).ends("", `{"status":"rejected","reason":"protocol error occurred"}`)
	c := s.call(`{"call":"reader"}`)
	c.text("in")
	c.control(`{"signal":"close","x":"` + long + `"}`)
	c.ends("", `{"status":"fulfilled","value":"in"}`)
	c = s.call(`{"call":"reader"}`)
	c.control(`{"signal":"close","x":"` + longer + `"}`)
	c.text("in")
	c.control(`{"signal":"close"}`) // the rest of the one before is not taken for signals
	c.ends("", `{"status":"rejected","reason":"process returned error: protocol error occurred"}`)
}
