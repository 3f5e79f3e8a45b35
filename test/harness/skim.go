package harness

import (
	"encoding/binary"
	"fmt"
	"io"
)

// Skim calls f with every message until the connection ends or f returns an error,
// and returns that error. It is Receive for floods: a message must come in one frame,
// and f must not keep it.
func (c *Conn) Skim(f func(data []byte) error) error {
	for {
		op, data, used, err := c.peekFrame()
		if err != nil {
			return err
		}
		switch op {
		case TextOp, BinaryOp:
			err = f(data)
		case CloseOp:
			err = c.closed(Frame{Payload: data})
		case PingOp:
			c.Pings++
			if !c.Deaf {
				err = c.WriteFrames(Frame{Fin: true, Op: PongOp, Payload: data})
			}
		}
		if err != nil {
			return err
		}
		c.r.Discard(used)
	}
}

// peekFrame reads a frame, and leaves its last used bytes to be discarded by the
// caller.
func (c *Conn) peekFrame() (op byte, data []byte, used int, err error) {
	head, err := c.r.Peek(2)
	if err != nil {
		return 0, nil, 0, abnormal(err)
	}
	first, n, size := head[0], int(head[1]), 2
	switch n {
	case 126:
		if head, err = c.r.Peek(4); err == nil {
			n, size = int(binary.BigEndian.Uint16(head[2:])), 4
		}
	case 127:
		if head, err = c.r.Peek(10); err == nil {
			n, size = int(binary.BigEndian.Uint64(head[2:])), 10
		}
	}
	if err != nil {
		return 0, nil, 0, abnormal(err)
	}
	if first&0xf0 != 0x80 || n < 0 || n > 1<<30 {
		return 0, nil, 0, fmt.Errorf("a frame that is not whole and plain: %#x, %d bytes", first, n)
	}
	if size+n <= c.r.Size() {
		head, err = c.r.Peek(size + n)
		if err != nil {
			return 0, nil, 0, abnormal(err)
		}
		return first & 0x0f, head[size:], size + n, nil
	}
	c.r.Discard(size)
	if cap(c.large) < n {
		c.large = make([]byte, n)
	}
	_, err = io.ReadFull(c.r, c.large[:n])
	return first & 0x0f, c.large[:n], 0, err
}
