package stdio

import (
	"io"

	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/internal/readbuf"
)

// input writes messages to a program's standard input.
type input interface {
	// Send writes a batch in as few writes as possible. Nothing is written of a message
	// that may not reach the program, nor of what comes after it; the error is a
	// *bridge.RefusedError then.
	Send(batch []bridge.Message) error
}

// inputTo returns what writes messages to a stream.
func inputTo(to io.Writer, cfg *Options) input {
	if f := newFramer(cfg); f != nil {
		return &framedInput{to: to, framer: f}
	}
	return &lineInput{to: to}
}

// framedInput writes messages as a framer frames them.
type framedInput struct {
	to     io.Writer
	framer framer
}

// framer frames messages for a program's input.
type framer interface {
	// frame appends to b what is written before m, at most headRoom bytes. It returns
	// what comes then: body, m's bytes or others that are valid until the next call,
	// and after it tail. Its error is a *bridge.RefusedError, or nil.
	frame(b []byte, m *bridge.Message) (head, body []byte, tail string, err error)
}

const headRoom = 64

func (f *framedInput) Send(batch []bridge.Message) (err error) {
	block := readbuf.NewBlock(readbuf.SmallBlock)
	defer block.Free()
	b := block.Data[:0]
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

// put appends a message to b, or writes what does not fit.
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

// writeTo writes b and returns it emptied.
func writeTo(to io.Writer, b []byte) ([]byte, error) {
	if len(b) == 0 {
		return b, nil
	}
	_, err := to.Write(b)
	return b[:0], err
}
