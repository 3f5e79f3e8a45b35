package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// First bytes of whole messages, and of control frames (RFC 6455 5.2).
const (
	textFrame   = 0x81
	binaryFrame = 0x82
	closeFrame  = 0x88
	pingFrame   = 0x89
	pongFrame   = 0x8a
)

const (
	final     = 0x80
	reserved  = 0x70
	opcode    = 0x0f
	masked    = 0x80
	mostFrame = 64 << 20 // more than any server here should send
)

// maskKey is the same for every frame: unmasking costs the server the same with any
// key.
var maskKey = [4]byte{0x37, 0xfa, 0x21, 0x3d}

// appendServerFrame adds payload as a server sends it.
func appendServerFrame(to []byte, first byte, payload []byte) []byte {
	return append(appendHead(to, first, 0, len(payload)), payload...)
}

// appendClientFrame adds payload as a client sends it, masked.
func appendClientFrame(to []byte, first byte, payload []byte) []byte {
	to = append(appendHead(to, first, masked, len(payload)), maskKey[:]...)
	for i, b := range payload {
		to = append(to, b^maskKey[i&3])
	}
	return to
}

func appendHead(to []byte, first, maskBit byte, n int) []byte {
	switch {
	case n < 126:
		return append(to, first, maskBit|byte(n))
	case n < 1<<16:
		return binary.BigEndian.AppendUint16(append(to, first, maskBit|126), uint16(n))
	default:
		return binary.BigEndian.AppendUint64(append(to, first, maskBit|127), uint64(n))
	}
}

var errBadFrame = errors.New("the server sent a frame that no server may send")

// parseHead parses the head of a server's frame. It returns a head of 0 bytes if more
// bytes are needed.
func parseHead(b []byte) (head, payload int, err error) {
	if len(b) < 2 {
		return 0, 0, nil
	}
	if b[0]&reserved != 0 || b[1]&masked != 0 {
		return 0, 0, fmt.Errorf("%w: it begins with %#x", errBadFrame, b[:2])
	}
	head, payload = 2, int(b[1])
	switch {
	case payload == 126 && len(b) >= 4:
		head, payload = 4, int(binary.BigEndian.Uint16(b[2:]))
	case payload == 127 && len(b) >= 10:
		n := binary.BigEndian.Uint64(b[2:])
		if n > mostFrame {
			return 0, 0, fmt.Errorf("%w: %d bytes", errBadFrame, n)
		}
		head, payload = 10, int(n)
	case payload >= 126:
		return 0, 0, nil
	}
	return head, payload, nil
}

// A reader returns the data of src frame by frame, or as it is. It does not allocate,
// unless a frame is larger than its buffer.
type reader struct {
	src        io.Reader
	buf        []byte
	start, end int // of what was read and not yet taken
}

func newReader(src io.Reader, size int) *reader {
	return &reader{src: src, buf: make([]byte, size)}
}

// pending returns what was read and not yet taken. It is valid until the next fill.
func (r *reader) pending() []byte { return r.buf[r.start:r.end] }

// skip takes the first n bytes of pending.
func (r *reader) skip(n int) {
	if r.start += n; r.start == r.end {
		r.start, r.end = 0, 0
	}
}

// fill reads once more. It moves what is pending only when little room is left after
// it.
func (r *reader) fill() error {
	if len(r.buf)-r.end < len(r.buf)/4 {
		r.end = copy(r.buf, r.pending())
		r.start = 0
	}
	if r.end == len(r.buf) {
		r.buf = append(r.buf, make([]byte, len(r.buf))...)
	}
	n, err := r.src.Read(r.buf[r.end:])
	r.end += n
	if n > 0 {
		return nil
	}
	return err
}

// hasFrame reports whether a whole frame is pending.
func (r *reader) hasFrame() (bool, error) {
	head, payload, err := parseHead(r.pending())
	return head > 0 && r.end-r.start >= head+payload, err
}

// frame takes the next frame, and returns its first byte and its payload, which is
// valid until the next call of any method.
func (r *reader) frame() (first byte, payload []byte, err error) {
	for {
		b := r.pending()
		head, n, err := parseHead(b)
		if err != nil {
			return 0, nil, err
		}
		if head > 0 && len(b) >= head+n {
			r.skip(head + n)
			return b[0], b[head : head+n], nil
		}
		if err := r.fill(); err != nil {
			return 0, nil, err
		}
	}
}

// line returns the line at the start of what is pending, without its newline.
func (r *reader) line() (line []byte, whole bool) {
	line, _, whole = bytes.Cut(r.pending(), []byte{'\n'})
	return line, whole
}
