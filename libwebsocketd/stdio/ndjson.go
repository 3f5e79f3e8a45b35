package stdio

import (
	"bytes"
	"encoding/json"

	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/internal/readbuf"
)

// ndjsonCutter cuts output into lines that are one JSON value each. Other lines are
// logged, empty ones ignored.
type ndjsonCutter struct {
	finder
	max  int               // bytes of a line
	junk func(line []byte) // called with each line that is no JSON
}

func (c *ndjsonCutter) most() int { return c.max + 2 }

func (c *ndjsonCutter) cut(unread []byte, batch []bridge.Message) (used int, _ []bridge.Message, err error) {
	first := len(batch)
	for len(batch) < readbuf.MaxBatch {
		size := c.find(unread[used:], '\n')
		if size < 0 {
			break
		}
		line := bytes.TrimSuffix(unread[used:used+size], []byte("\r"))
		if len(line) > c.max {
			err = errOverMaxLine
			break
		}
		var ok bool
		if batch, ok = c.take(batch, line); !ok {
			break
		}
		used += size + 1
	}
	if c.scanned > c.max+1 {
		err = errOverMaxLine
	}
	makeValid(batch[first:], unread[:used])
	return used, batch, err
}

// take appends a line that is one JSON value to batch, and passes any other to junk. It returns
// false, and does nothing, where messages are in the batch that came before junk.
func (c *ndjsonCutter) take(batch []bridge.Message, line []byte) (_ []bridge.Message, ok bool) {
	switch line = withoutMark(line); {
	case json.Valid(line):
		return append(batch, bridge.Message{Kind: bridge.Text, Data: line}), true
	case len(bytes.Trim(line, " \t\r")) == 0:
	case len(batch) > 0:
		return batch, false
	default:
		c.junk(line)
	}
	return batch, true
}

// withoutMark returns text without a byte order mark, which some systems write before
// JSON and no parser has to accept (RFC 8259 section 8.1).
func withoutMark(text []byte) []byte { return bytes.TrimPrefix(text, []byte("\ufeff")) }

func (c *ndjsonCutter) last(unread []byte, batch []bridge.Message) ([]bridge.Message, error) {
	if len(unread) > c.max {
		return batch, errOverMaxLine
	}
	batch, _ = c.take(batch, unread) // the batch is empty
	makeValid(batch, unread)
	return batch, nil
}

// ndjsonFramer writes each message on its own line. The message must be JSON, so that
// its newlines can be removed.
type ndjsonFramer struct{ compact bytes.Buffer }

func (f *ndjsonFramer) frame(b []byte, m *bridge.Message) (head, body []byte, tail string, err error) {
	if f.compact.Cap() > readbuf.BlockSize {
		f.compact = bytes.Buffer{} // a large one is rare
	}
	f.compact.Reset()
	if err := json.Compact(&f.compact, withoutMark(m.Data)); err != nil {
		return b, nil, "", &bridge.RefusedError{Code: bridge.ClosePolicyViolation, Reason: "the message is not one JSON value, which --framing=ndjson demands"}
	}
	return b, f.compact.Bytes(), "\n", nil
}
