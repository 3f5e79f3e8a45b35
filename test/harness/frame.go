package harness

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
)

// Opcodes of RFC 6455 5.2.
const (
	Continuation = 0x0
	TextOp       = 0x1
	BinaryOp     = 0x2
	CloseOp      = 0x8
	PingOp       = 0x9
	PongOp       = 0xA
)

// Frame is one frame, well formed or not.
type Frame struct {
	Fin     bool
	Rsv     byte // the three reserved bits, as 0x40, 0x20, 0x10
	Op      byte
	Payload []byte

	Unmasked bool  // break the rule that clients mask
	Announce int64 // length to announce instead of len(Payload)
}

// Bytes returns the frame as a client sends it. The mask is fixed, because a test
// should be repeatable.
func (f Frame) Bytes() []byte {
	first := f.Rsv | f.Op
	if f.Fin {
		first |= 0x80
	}
	n := int64(len(f.Payload))
	if f.Announce > 0 {
		n = f.Announce
	}
	maskBit := byte(0x80)
	if f.Unmasked {
		maskBit = 0
	}
	head := []byte{first}
	switch {
	case n < 126:
		head = append(head, maskBit|byte(n))
	case n < 1<<16:
		head = binary.BigEndian.AppendUint16(append(head, maskBit|126), uint16(n))
	default:
		head = binary.BigEndian.AppendUint64(append(head, maskBit|127), uint64(n))
	}
	if f.Unmasked {
		return append(head, f.Payload...)
	}
	mask := [4]byte{0x37, 0xfa, 0x21, 0x3d}
	head = append(head, mask[:]...)
	for i, b := range f.Payload {
		head = append(head, b^mask[i&3])
	}
	return head
}

// WriteFrames sends frames in one piece, as far as the buffer goes.
func (c *Conn) WriteFrames(frames ...Frame) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.w.Write(c.rest)
	c.rest = nil
	for _, f := range frames {
		if _, err := c.w.Write(f.Bytes()); err != nil {
			return err
		}
	}
	return c.w.Flush()
}

// Queue is WriteFrames without flushing: many small frames make few packets.
func (c *Conn) Queue(f Frame) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, err := c.w.Write(f.Bytes())
	return err
}

// Text sends one text message and returns the error of the write.
func (c *Conn) Text(message string) error {
	return c.WriteFrames(Frame{Fin: true, Op: TextOp, Payload: []byte(message)})
}

// Binary sends one binary message.
func (c *Conn) Binary(message []byte) error {
	return c.WriteFrames(Frame{Fin: true, Op: BinaryOp, Payload: message})
}

// SendClose sends a close frame; code 0 makes an empty one.
func (c *Conn) SendClose(code int, reason string) error {
	var payload []byte
	if code != 0 {
		payload = append(binary.BigEndian.AppendUint16(nil, uint16(code)), reason...)
	}
	return c.WriteFrames(Frame{Fin: true, Op: CloseOp, Payload: payload})
}

// ReadFrame reads one frame. The end of the connection is a [Closed] with 1006.
func (c *Conn) ReadFrame() (Frame, error) {
	var head [2]byte
	if _, err := io.ReadFull(c.r, head[:]); err != nil {
		return Frame{}, abnormal(err)
	}
	f := Frame{Fin: head[0]&0x80 != 0, Rsv: head[0] & 0x70, Op: head[0] & 0x0f, Unmasked: head[1]&0x80 == 0}
	n := int64(head[1] & 0x7f)
	var ext [8]byte
	switch n {
	case 126:
		if _, err := io.ReadFull(c.r, ext[:2]); err != nil {
			return f, abnormal(err)
		}
		n = int64(binary.BigEndian.Uint16(ext[:2]))
	case 127:
		if _, err := io.ReadFull(c.r, ext[:]); err != nil {
			return f, abnormal(err)
		}
		n = int64(binary.BigEndian.Uint64(ext[:]))
	}
	if !f.Unmasked || f.Rsv != 0 || n > 1<<30 {
		return f, fmt.Errorf("the server sent a bad frame: masked %v, reserved %#x, %d bytes", !f.Unmasked, f.Rsv, n)
	}
	f.Payload = make([]byte, n)
	if _, err := io.ReadFull(c.r, f.Payload); err != nil {
		return f, abnormal(err)
	}
	return f, nil
}

// abnormal keeps a passed deadline apart from a connection that ended.
func abnormal(err error) error {
	var ne net.Error
	if errors.Is(err, os.ErrDeadlineExceeded) || errors.As(err, &ne) && ne.Timeout() {
		return err
	}
	return Closed{Code: 1006, Reason: err.Error()}
}
