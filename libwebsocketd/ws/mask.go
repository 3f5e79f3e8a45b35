package ws

import (
	"encoding/binary"
	"math/bits"
	"math/rand/v2"
	"net"

	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/internal/frame"
)

// What a client sends is masked (RFC 6455 section 5.3), each frame with a mask of its own.
// Where it lies it must not be changed, so it is masked in the memory frames are put into.

// maxMasked bounds the bytes of a masked frame's header.
const maxMasked = frame.MaxHeader + maskSize

// newMask returns a mask that nobody can predict: the runtime's generator is ChaCha8,
// seeded by the system. Otherwise a server of someone else's could choose the bytes that a
// proxy between sees (RFC 6455 section 10.3).
func newMask() uint32 { return rand.Uint32() }

// applyMask applies a mask to b, or takes it off (RFC 6455 section 5.3). The mask is read
// with its first byte lowest.
func applyMask(b []byte, mask uint32) {
	word := uint64(mask)<<32 | uint64(mask)
	for len(b) >= 32 {
		c := b[:32]
		binary.LittleEndian.PutUint64(c, binary.LittleEndian.Uint64(c)^word)
		binary.LittleEndian.PutUint64(c[8:], binary.LittleEndian.Uint64(c[8:])^word)
		binary.LittleEndian.PutUint64(c[16:], binary.LittleEndian.Uint64(c[16:])^word)
		binary.LittleEndian.PutUint64(c[24:], binary.LittleEndian.Uint64(c[24:])^word)
		b = b[32:]
	}
	for len(b) >= 8 {
		binary.LittleEndian.PutUint64(b, binary.LittleEndian.Uint64(b)^word)
		b = b[8:]
	}
	if len(b) >= 4 {
		binary.LittleEndian.PutUint32(b, binary.LittleEndian.Uint32(b)^mask)
		b = b[4:]
	}
	for i := range b {
		b[i] ^= byte(mask >> (8 * i))
	}
}

// rotated returns mask for the payload from byte n on.
func rotated(mask uint32, n uint64) uint32 {
	return bits.RotateLeft32(mask, -8*int(n&3))
}

// appendMaskedHeader appends the header of a masked frame with n bytes of payload to b.
func appendMaskedHeader(b []byte, first byte, n int, mask uint32) []byte {
	second := len(b) + 1
	b = frame.AppendHeader(b, first, n)
	b[second] |= maskBit
	return binary.LittleEndian.AppendUint32(b, mask)
}

// appendWhole appends a frame to b, masked if we are the client.
func (c *conn) appendWhole(b []byte, first byte, payload []byte) []byte {
	if !c.masks {
		return append(frame.AppendHeader(b, first, len(payload)), payload...)
	}
	mask := newMask()
	b = append(appendMaskedHeader(b, first, len(payload), mask), payload...)
	applyMask(b[len(b)-len(payload):], mask)
	return b
}

// sendMasked does what sendLocked does, with masks.
func (c *conn) sendMasked(batch []bridge.Message) (err error) {
	buf := frames.Get().(*[frameRoom]byte)
	defer frames.Put(buf)
	b := buf[:0]
	for i := range batch {
		m := &batch[i]
		first := firstByte(m, c.middle)
		c.middle = m.More
		if b, err = c.writeMasked(b, first, m.Data); err != nil {
			return err
		}
	}
	return c.flush(b)
}

// sendFramesMasked writes messages that are framed already, with masks.
func (c *conn) sendFramesMasked(pieces net.Buffers) (err error) {
	buf := frames.Get().(*[frameRoom]byte)
	defer frames.Put(buf)
	b := buf[:0]
	for _, unmasked := range pieces {
		for len(unmasked) > 0 {
			first := unmasked[0]
			var payload []byte
			payload, unmasked = frame.CutFrame(unmasked)
			if b, err = c.writeMasked(b, first, payload); err != nil {
				return err
			}
		}
	}
	return c.flush(b)
}

// writeMasked appends a masked frame to b, which it writes whenever it is full.
func (c *conn) writeMasked(b []byte, first byte, payload []byte) (_ []byte, err error) {
	if len(b)+maxMasked > cap(b) {
		if b, err = c.write(b, nil); err != nil {
			return b, err
		}
	}
	mask := newMask()
	b = appendMaskedHeader(b, first, len(payload), mask)
	for {
		at := len(b)
		n := min(len(payload), cap(b)-at)
		b = append(b, payload[:n]...)
		applyMask(b[at:], mask)
		if payload = payload[n:]; len(payload) == 0 {
			return b, nil
		}
		mask = rotated(mask, uint64(n))
		if b, err = c.write(b, nil); err != nil {
			return b, err
		}
	}
}

// flush writes b, unless it is empty.
func (c *conn) flush(b []byte) (err error) {
	if len(b) > 0 {
		_, err = c.write(b, nil)
	}
	return err
}
