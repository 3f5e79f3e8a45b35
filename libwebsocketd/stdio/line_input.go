package stdio

import (
	"bytes"
	"io"

	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/internal/readbuf"
)

// lineInput writes a newline after each text message: the default, and what
// lineReader and textOutput read. Binary messages are written as they are.
type lineInput struct{ to io.Writer }

func (l *lineInput) Send(batch []bridge.Message) (err error) {
	block := readbuf.NewBlock(readbuf.SmallBlock)
	defer block.Free()
	b := block.Data[:0]
	for i := range batch {
		m := &batch[i]
		if len(b)+len(m.Data) >= readbuf.SmallBlock {
			if b, err = writeTo(l.to, b); err != nil {
				return err
			}
		}
		if len(m.Data) < readbuf.SmallBlock {
			b = append(b, m.Data...)
		} else if _, err = l.to.Write(m.Data); err != nil {
			return err
		}
		if m.Kind == bridge.Text && !m.More {
			b = append(b, '\n')
		}
	}
	_, err = writeTo(l.to, b)
	return err
}

// newline returns what is written after a message: nothing if m is not its last piece.
func newline(m *bridge.Message) string {
	if m.More {
		return ""
	}
	return "\n"
}

func hasNewline(b []byte) bool {
	return bytes.IndexByte(b, '\n') >= 0 || bytes.IndexByte(b, '\r') >= 0
}

// rejectingFramer implements NewlinesReject.
type rejectingFramer struct{}

func (rejectingFramer) frame(b []byte, m *bridge.Message) (head, body []byte, tail string, err error) {
	if hasNewline(m.Data) {
		return b, nil, "", &bridge.RefusedError{Code: bridge.ClosePolicyViolation, Reason: "the message has a newline in it, which --newlines=reject does not let through"}
	}
	return b, m.Data, newline(m), nil
}

// escapingFramer implements NewlinesEscape.
type escapingFramer struct{ escaped []byte }

func (e *escapingFramer) frame(b []byte, m *bridge.Message) (head, body []byte, tail string, err error) {
	if !hasNewline(m.Data) {
		return b, m.Data, newline(m), nil
	}
	if cap(e.escaped) > readbuf.BlockSize {
		e.escaped = nil // a large one is rare
	}
	e.escaped = e.escaped[:0]
	for _, c := range m.Data {
		switch c {
		case '\n':
			e.escaped = append(e.escaped, `\n`...)
		case '\r':
			e.escaped = append(e.escaped, `\r`...)
		default:
			e.escaped = append(e.escaped, c)
		}
	}
	return b, e.escaped, newline(m), nil
}
