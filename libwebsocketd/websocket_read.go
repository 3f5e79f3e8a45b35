package libwebsocketd

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
)

// read takes the next message, or the next piece of one when there is no limit.
func (w *WebSocketEndpoint) read() error {
	if w.message != nil {
		return w.readPiece()
	}
	kind, message, err := w.ws.NextReader()
	if err != nil {
		return err
	}
	if Kind(kind) != w.kind {
		return w.ignore(message)
	}
	if w.limit < 0 {
		w.message = message
		return w.readPiece()
	}
	return w.readWhole(message)
}

// ignore skips a message of the kind this program does not take.
func (w *WebSocketEndpoint) ignore(message io.Reader) error {
	if !w.ignored {
		w.ignored = true
		taken, other := "text", "binary"
		if w.kind == Binary {
			taken, other = other, taken
		}
		logAt(w.log, LevelError, "websocket", fmt.Sprintf("ignoring %s messages: this program takes %s ones (see --binary)", other, taken))
	}
	_, err := io.Copy(io.Discard, message)
	return err
}

// readWhole takes a message, which gorilla keeps to the limit, into the batch. Text is
// checked as it arrives, and nothing of an invalid message goes further.
func (w *WebSocketEndpoint) readWhole(message io.Reader) error {
	start := len(w.buf)
	checked := start
	for {
		n, err := w.readSome(message)
		if w.kind == Text && n > 0 {
			valid, ok := validPrefix(w.buf[checked:])
			if checked += valid; !ok {
				return errNotUTF8
			}
		}
		switch {
		case err == io.EOF && w.kind == Text && checked < len(w.buf):
			return errNotUTF8
		case err == io.EOF:
			w.batch = append(w.batch, Message{Kind: w.kind, Data: w.buf[start:len(w.buf):len(w.buf)]})
			return nil
		case err != nil:
			return err
		}
	}
}

var errNotUTF8 = &refusedError{closeInvalidPayload, "text message is not UTF-8"}

// readSome reads once into the free part of the buffer.
func (w *WebSocketEndpoint) readSome(message io.Reader) (int, error) {
	if cap(w.buf)-len(w.buf) < 512 {
		grown := make([]byte, len(w.buf), max(2*cap(w.buf), firstBuffer))
		copy(grown, w.buf)
		w.buf = grown
	}
	free := w.buf[len(w.buf):cap(w.buf)]
	n, err := message.Read(free[:min(len(free), chunkSize)])
	w.buf = w.buf[:len(w.buf)+n]
	return n, err
}

// readPiece takes what has arrived of a message without a limit. Text is cut
// between characters, and at the first byte that is none.
func (w *WebSocketEndpoint) readPiece() error {
	start := len(w.buf)
	w.buf = append(w.buf, w.tail...)
	w.tail = w.tail[:0]
	_, err := w.readSome(w.message)
	data := w.buf[start:]
	ended := err == io.EOF
	if w.kind == Text {
		valid, ok := validPrefix(data)
		if !ok || ended && valid < len(data) {
			err = errNotUTF8
			ended = false
		} else {
			w.tail = append(w.tail, data[valid:]...)
		}
		data = data[:valid]
		w.buf = w.buf[:start+valid]
	}
	if ended {
		w.message = nil
		err = nil
	}
	if len(data) > 0 || ended {
		w.batch = append(w.batch, Message{Kind: w.kind, More: !ended, Data: data[:len(data):len(data)]})
	}
	return err
}

// wholeFrame reports whether the next frame is a whole data message that has
// arrived already, so that reading it cannot block (RFC 6455 section 5.2).
func wholeFrame(r *bufio.Reader) bool {
	buffered := r.Buffered()
	head, _ := r.Peek(min(buffered, 10))
	if len(head) < 2 || head[0] != 0x81 && head[0] != 0x82 {
		return false
	}
	const mask = 4
	switch n := int64(head[1] & 0x7f); {
	case n < 126:
		return int64(buffered) >= 2+mask+n
	case n == 126 && len(head) >= 4:
		return int64(buffered) >= 4+mask+int64(binary.BigEndian.Uint16(head[2:]))
	}
	return false // a longer one does not fit the buffer
}
