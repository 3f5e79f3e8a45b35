package ws

import (
	"encoding/binary"
	"fmt"
	"unicode/utf8"

	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/internal/frame"
	"websocketd/libwebsocketd/internal/text"
)

const (
	reservedBits = 0x70 // of the first byte
	maskBit      = 0x80 // of the second
	lengthBits   = 0x7F // of the second
	maskSize     = 4    // bytes

	maxControlPayload = 125 // RFC 6455 section 5.5
)

// header is the header of a frame that was received.
type header struct {
	first  byte
	length uint64 // of the payload
	mask   uint32 // its first byte lowest; 0 in a server's frame, which has none
}

func (h *header) final() bool { return h.first&frame.FinalBit != 0 }

func (h *header) opcode() byte { return h.first & frame.OpcodeBits }

func (h *header) control() bool { return h.first&frame.OpClose != 0 }

// parseHeader returns the header at the start of b and its size n; ok is false when it
// has not arrived whole. A fault in its first two bytes is returned as soon as these
// have arrived. open says whether a fragmented message is under way, masked whether the
// frame must be masked: a client's must be, and a server's must not (RFC 6455 section 5.1).
func parseHeader(b []byte, open, masked bool) (h header, n int, ok bool, err error) {
	if len(b) < 2 {
		return h, 0, false, nil
	}
	h.first = b[0]
	length := b[1] & lengthBits
	if err := checkHeader(&h, b[1], open, masked); err != nil {
		return h, 0, false, err
	}
	n = 2
	switch length {
	case 126:
		if len(b) < 4 {
			return h, 0, false, nil
		}
		h.length, n = uint64(binary.BigEndian.Uint16(b[2:])), 4
	case 127:
		if len(b) < 10 {
			return h, 0, false, nil
		}
		h.length, n = binary.BigEndian.Uint64(b[2:]), 10
		if h.length>>63 != 0 {
			return h, 0, false, errTooBig
		}
	default:
		h.length = uint64(length)
	}
	if !masked {
		return h, n, true, nil
	}
	if len(b) < n+maskSize {
		return h, 0, false, nil
	}
	h.mask = binary.LittleEndian.Uint32(b[n:])
	return h, n + maskSize, true, nil
}

// checkHeader returns an error if a frame breaks RFC 6455 sections 5.1, 5.2, 5.4 or 5.5.
func checkHeader(h *header, second byte, open, masked bool) error {
	opcode := h.opcode()
	switch {
	case h.first&reservedBits != 0:
		return protocolError("reserved bit " + reservedBit(h.first) + " is set")
	case opcode > byte(bridge.Binary) && opcode < frame.OpClose || opcode > frame.OpPong:
		return protocolError(fmt.Sprintf("opcode %d is reserved", opcode))
	case masked && second&maskBit == 0:
		return protocolError("MASK is not set")
	case !masked && second&maskBit != 0:
		return protocolError("MASK is set")
	case h.control() && second&lengthBits > maxControlPayload:
		return protocolError("a control frame is longer than 125 bytes")
	case h.control() && !h.final():
		return protocolError("a control frame is fragmented")
	case opcode == frame.OpContinuation && !open:
		return protocolError("a continuation of nothing")
	case !h.control() && opcode != frame.OpContinuation && open:
		return protocolError("a message begins inside another")
	}
	return nil
}

func reservedBit(first byte) string {
	switch {
	case first&0x40 != 0:
		return "RSV1"
	case first&0x20 != 0:
		return "RSV2"
	}
	return "RSV3"
}

func protocolError(reason string) error {
	return &bridge.RefusedError{Code: bridge.CloseProtocolError, Reason: reason}
}

// firstByte returns the first byte of a data frame; middle says that its message has
// begun already.
func firstByte(m *bridge.Message, middle bool) byte {
	first := byte(m.Kind)
	if middle {
		first = frame.OpContinuation
	}
	if !m.More {
		first |= frame.FinalBit
	}
	return first
}

// closeCode returns the code of the other side's close frame; 1005 if it has none. One byte
// is no code (RFC 6455 section 5.5.1), and some codes must not be sent (7.4).
func closeCode(payload []byte) (int, error) {
	switch {
	case len(payload) == 0:
		return bridge.CloseNoStatus, nil
	case len(payload) == 1:
		return 0, protocolError("a close code of one byte")
	case !utf8.Valid(payload[2:]):
		return 0, protocolError("the reason of a close frame is not UTF-8")
	}
	code := int(binary.BigEndian.Uint16(payload))
	switch {
	case code < 1000, code == 1004, code == bridge.CloseNoStatus, code == bridge.CloseAbnormal, code > 1013 && code < 3000, code > 4999:
		return 0, protocolError(fmt.Sprintf("close code %d", code))
	}
	return code, nil
}

// closePayload returns the payload of a close frame. Its reason is UTF-8 (RFC 6455
// section 5.5.1), and cut after the last character that fits.
func closePayload(code int, reason string) []byte {
	if code == bridge.CloseNoStatus {
		return nil
	}
	valid := text.Valid([]byte(reason))
	if most := maxControlPayload - 2; len(valid) > most {
		valid = valid[:text.CutBefore(valid, most)]
	}
	return append(binary.BigEndian.AppendUint16(nil, uint16(code)), valid...)
}
