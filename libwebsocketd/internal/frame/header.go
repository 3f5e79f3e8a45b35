package frame

import "encoding/binary"

// Opcodes (RFC 6455 section 5.2). Those of data frames are a message's kind.
const (
	OpContinuation = 0x0
	OpClose        = 0x8
	OpPing         = 0x9
	OpPong         = 0xA
)

const (
	FinalBit   = 0x80  // of the first byte: the message ends with this frame
	OpcodeBits = 0x0F  // of the first byte
	MaxHeader  = 2 + 8 // bytes of an unmasked frame's header
)

// AppendHeader appends the header of an unmasked frame with n bytes of payload to b.
func AppendHeader(b []byte, first byte, n int) []byte {
	switch {
	case n < 126:
		return append(b, first, byte(n))
	case n < 1<<16:
		return binary.BigEndian.AppendUint16(append(b, first, 126), uint16(n))
	}
	return binary.BigEndian.AppendUint64(append(b, first, 127), uint64(n))
}

// HeaderSize returns how many bytes AppendHeader appends.
func HeaderSize(n int) int {
	switch {
	case n < 126:
		return 2
	case n < 1<<16:
		return 4
	}
	return MaxHeader
}

// CutFrame returns the payload of the first of frames, which AppendHeader has written,
// and the frames after it.
func CutFrame(frames []byte) (payload, rest []byte) {
	n, at := int(frames[1]), 2
	switch n {
	case 126:
		n, at = int(binary.BigEndian.Uint16(frames[2:])), 4
	case 127:
		n, at = int(binary.BigEndian.Uint64(frames[2:])), MaxHeader
	}
	return frames[at : at+n : at+n], frames[at+n:]
}
