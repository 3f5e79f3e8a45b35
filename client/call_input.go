package client

import (
	"errors"
	"io"
	"unicode/utf8"

	"websocketd/libwebsocketd/bridge"
)

// ErrNotText is the error of input of a call that is not UTF-8: pow-1 has no other.
var ErrNotText = errors.New("the input is not UTF-8, and a call takes no other")

// Signals of a client.
const (
	signalClose  = `{"signal":"close"}`
	signalCancel = `{"signal":"cancel"}`
)

const (
	// mostPiece is how many bytes of input every server takes in a message; there are some
	// that take no more.
	mostPiece = 2 << 10
	// mostSent is how many bytes are sent at once.
	mostSent = 32 << 10
)

// Write sends input, and adds nothing to it. A character that is not whole is kept back until
// the next Write. The error is ErrNotText, or [io.ErrClosedPipe] if the input is closed or the
// call is over: then Result says more.
//
// A server takes only so much that the process does not read. Write waits for it, until the
// context of StartCall is done.
func (c *Call) Write(p []byte) (n int, err error) {
	c.sending.Lock()
	defer c.sending.Unlock()
	for n < len(p) {
		if c.closed {
			return n, io.ErrClosedPipe
		}
		more := p[n:min(len(p), n+mostSent)]
		text := append(c.part, more...)
		whole := len(text) - openTail(text)
		if !utf8.Valid(text[:whole]) {
			return n, ErrNotText
		}
		if err := c.send(text[:whole]); err != nil {
			return n, err
		}
		c.part = append(text[:0], text[whole:]...)
		n += len(more)
	}
	return n, nil
}

// send sends text in pieces that every server takes, in one write.
func (c *Call) send(text []byte) error {
	c.pieces = c.pieces[:0]
	for len(text) > 0 {
		n := len(text)
		if n > mostPiece {
			for n = mostPiece; !utf8.RuneStart(text[n]); n-- {
			}
		}
		c.pieces = append(c.pieces, bridge.Message{Kind: bridge.Text, Data: text[:n]})
		text = text[n:]
	}
	if c.server.Send(c.pieces) != nil {
		return io.ErrClosedPipe
	}
	return nil
}

// openTail returns how many bytes at the end of text begin a character that has not come
// whole.
func openTail(text []byte) int {
	for n := 1; n < utf8.UTFMax && n <= len(text); n++ {
		tail := text[len(text)-n:]
		if !utf8.RuneStart(tail[0]) {
			continue
		}
		if utf8.FullRune(tail) {
			return 0
		}
		return n
	}
	return 0
}

// CloseInput ends the input: it is complete. Its error is ErrNotText if a character is not
// whole: then the input stays open.
func (c *Call) CloseInput() error {
	c.sending.Lock()
	defer c.sending.Unlock()
	switch {
	case c.closed:
		return nil
	case len(c.part) > 0:
		return ErrNotText
	}
	c.closed = true
	c.signal(signalClose)
	return nil
}

// Cancel asks the process to end, and does not wait for that. Its input stays open; a second
// call closes it. Result has how the process ends: it may be fulfilled all the same. The
// server hears the request after the input before it, and Cancel waits for a Write that the
// server holds up: then only the end of the context of StartCall ends the call.
func (c *Call) Cancel() { c.signal(signalCancel) }

// signal sends a signal, which is nothing to a call that is over: Result has its end.
func (c *Call) signal(text string) {
	c.server.Send([]bridge.Message{{Kind: bridge.Binary, Data: []byte(text)}})
}
