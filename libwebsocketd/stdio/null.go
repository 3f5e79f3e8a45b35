package stdio

import (
	"bytes"

	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/internal/readbuf"
	"websocketd/libwebsocketd/internal/text"
)

// nullCutter cuts output with a NUL after each message; the last needs none.
type nullCutter struct {
	finder
	max int // bytes of a message
}

func (c *nullCutter) most() int { return c.max + 1 }

func (c *nullCutter) cut(unread []byte, batch []bridge.Message) (used int, _ []bridge.Message, err error) {
	first := len(batch)
	for len(batch) < readbuf.MaxBatch {
		size := c.find(unread[used:], 0)
		if size < 0 {
			break
		}
		if size > c.max {
			err = errOverMaxLine
			break
		}
		batch = append(batch, bridge.Message{Kind: bridge.Text, Data: unread[used : used+size]})
		used += size + 1
	}
	if c.scanned > c.max {
		err = errOverMaxLine
	}
	makeValid(batch[first:], unread[:used])
	return used, batch, err
}

func (c *nullCutter) last(unread []byte, batch []bridge.Message) ([]bridge.Message, error) {
	if len(unread) > 0 {
		batch = append(batch, bridge.Message{Kind: bridge.Text, Data: text.Valid(unread)})
	}
	return batch, nil
}

// nullFramer writes a NUL after each message, so that none may contain one.
type nullFramer struct{}

func (nullFramer) frame(b []byte, m *bridge.Message) (head, body []byte, tail string, err error) {
	if bytes.IndexByte(m.Data, 0) >= 0 {
		return b, nil, "", &bridge.RefusedError{Code: bridge.ClosePolicyViolation, Reason: "the message has a NUL in it, which --framing=null cannot carry"}
	}
	if m.More {
		return b, m.Data, "", nil
	}
	return b, m.Data, "\x00", nil
}
