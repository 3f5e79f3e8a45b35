package stdio

import (
	"encoding/binary"
	"math"

	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/internal/readbuf"
)

// lengthSize is the size of a message's length, which is big-endian and counts the
// message only.
const lengthSize = 4

// lengthCutter cuts output with a length before each message.
type lengthCutter struct {
	max int // bytes of a message
}

func (c *lengthCutter) most() int { return c.max + lengthSize }

func (c *lengthCutter) cut(unread []byte, batch []bridge.Message) (used int, _ []bridge.Message, err error) {
	for len(batch) < readbuf.MaxBatch && len(unread)-used >= lengthSize {
		announced := binary.BigEndian.Uint32(unread[used:])
		if uint64(announced) > uint64(c.max) {
			return used, batch, errOverMaxLine
		}
		begin, size := used+lengthSize, int(announced)
		if size > len(unread)-begin {
			break
		}
		used = begin + size
		batch = append(batch, bridge.Message{Kind: bridge.Binary, Data: unread[begin:used]})
	}
	return used, batch, nil
}

func (c *lengthCutter) last(unread []byte, batch []bridge.Message) ([]bridge.Message, error) {
	if len(unread) > 0 {
		return batch, errCutOff
	}
	return batch, nil
}

// lengthFramer writes the length before each message.
type lengthFramer struct{}

func (lengthFramer) frame(b []byte, m *bridge.Message) (head, body []byte, tail string, err error) {
	if uint64(len(m.Data)) > math.MaxUint32 {
		return b, nil, "", &bridge.RefusedError{Code: bridge.CloseMessageTooBig, Reason: "the message is longer than --framing=length can say"}
	}
	return binary.BigEndian.AppendUint32(b, uint32(len(m.Data))), m.Data, "", nil
}
