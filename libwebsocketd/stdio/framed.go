package stdio

import (
	"bytes"
	"io"

	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/internal/readbuf"
)

// framedOutput cuts what a program prints by a framing whose messages must be
// whole.
type framedOutput struct {
	in     readbuf.Buffer
	cutter cutter
	err    error // told when everything whole was told
}

// cutter is the way of a framing out of the program. It remembers what it knows
// of the unread bytes, which are the same at the next call but for what was used,
// and for more behind them.
type cutter interface {
	// most is how many unread bytes it may need to see at once.
	most() int

	// cut appends the whole messages that unread begins with, at most until there
	// are mostMessages, and says how many bytes they took. They lie in unread. An
	// error, a *brokenError, is the end; the messages before it are there.
	cut(unread []byte, batch []bridge.Message) (used int, _ []bridge.Message, err error)

	// last is what unread is, and the error if it is not one of these, when the
	// program will say no more: cut has left it.
	last(unread []byte, batch []bridge.Message) ([]bridge.Message, error)
}

func newFramedOutput(from readbuf.Source, c cutter) *framedOutput {
	return &framedOutput{in: readbuf.Buffer{Source: from, MaxUnread: c.most()}, cutter: c}
}

// Next implements output. Its error is the source's or a *brokenError.
func (o *framedOutput) Next() ([]bridge.Message, error) {
	o.in.Batch = o.in.Batch[:0]
	for o.err == nil {
		var used int
		used, o.in.Batch, o.err = o.cutter.cut(o.in.Unread(), o.in.Batch)
		o.in.Use(used)
		if o.err == nil && len(o.in.Batch) == 0 {
			if ended := o.in.Fill(); ended == readbuf.ErrEmpty {
				return nil, ended
			} else if ended != nil {
				o.end(ended)
			}
		}
		if len(o.in.Batch) > 0 {
			return o.in.Batch, nil
		}
	}
	o.in.Close()
	return nil, o.err
}

func (o *framedOutput) end(ended error) {
	if o.in.Batch, o.err = o.cutter.last(o.in.Unread(), o.in.Batch); o.err == nil {
		o.err = ended
	}
}

// finder finds the ends of messages that end with a byte, and looks at no byte
// twice.
type finder struct {
	scanned int // so many bytes of the message under way hold no end
}

// find is where the first end is in b, which begins where the last message
// ended; -1 if there is none yet.
func (f *finder) find(b []byte, end byte) int {
	i := bytes.IndexByte(b[f.scanned:], end)
	if i < 0 {
		f.scanned = len(b)
		return -1
	}
	i += f.scanned
	f.scanned = 0
	return i
}

// input is what a program's Send leads to: messages on its standard input.
type input interface {
	// send writes a batch in as few writes as it takes. Of a message that may not
	// reach the program nothing is written, nor of what comes behind it; the error
	// is a *RefusedError then.
	Send(batch []bridge.Message) error
}

// framedInput writes messages as a framer puts them.
type framedInput struct {
	to     io.Writer
	framer framer
}

// framer is the way of a framing into the program.
type framer interface {
	// frame appends to b what stands before m, at most headRoom bytes, and says what
	// comes then: m's bytes, or others that are valid until the next call, and
	// behind them tail. Its error is a *RefusedError, or nil.
	frame(b []byte, m *bridge.Message) (head, body []byte, tail string, err error)
}

const headRoom = 64

func (f *framedInput) Send(batch []bridge.Message) (err error) {
	room := readbuf.NewBlock(readbuf.SmallBlock)
	defer room.Free()
	b := room.Data[:0]
	for i := range batch {
		if readbuf.SmallBlock-len(b) < headRoom {
			if b, err = writeTo(f.to, b); err != nil {
				return err
			}
		}
		var body []byte
		var tail string
		if m := &batch[i]; m.Kind&bridge.BothKinds == 0 {
			body = m.Data
		} else if b, body, tail, err = f.framer.frame(b, m); err != nil {
			if _, failed := writeTo(f.to, b); failed != nil {
				return failed
			}
			return err
		}
		if b, err = f.put(b, body, tail); err != nil {
			return err
		}
	}
	_, err = writeTo(f.to, b)
	return err
}

// put puts a message into the room b, or writes what does not fit.
func (f *framedInput) put(b, body []byte, tail string) (_ []byte, err error) {
	if len(b)+len(body)+len(tail) > readbuf.SmallBlock {
		if b, err = writeTo(f.to, b); err != nil {
			return b, err
		}
	}
	if len(body)+len(tail) <= readbuf.SmallBlock {
		return append(append(b, body...), tail...), nil
	}
	if _, err = f.to.Write(body); err != nil {
		return b, err
	}
	return append(b, tail...), nil
}

// writeTo returns b emptied.
func writeTo(to io.Writer, b []byte) ([]byte, error) {
	if len(b) == 0 {
		return b, nil
	}
	_, err := to.Write(b)
	return b[:0], err
}
