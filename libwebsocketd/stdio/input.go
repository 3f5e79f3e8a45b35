package stdio

import (
	"io"

	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/internal/readbuf"
)

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
