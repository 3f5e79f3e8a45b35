package ws

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/internal/bridgetest"
)

// perBatch bounds what a batch of a thousand messages may allocate: a pool may be
// emptied in between, and under the race detector forgets on purpose.
const perBatch = 8

// TestAllocationsOut: a thousand messages to a client cost no allocation each.
func TestAllocationsOut(t *testing.T) {
	for _, size := range []int{10, 200, 20 << 10} {
		batch := make([]bridge.Message, max(1, 100_000/size))
		for i := range batch {
			batch[i] = bridge.Message{Kind: bridge.Text, Data: bytes.Repeat([]byte("x"), size)}
		}
		c := newConn(inMemory{Writer: io.Discard, Reader: strings.NewReader("")}, nil)
		n := testing.AllocsPerRun(100, func() {
			if err := c.Send(batch); err != nil {
				t.Fatal(err)
			}
		})
		if n > perBatch {
			t.Errorf("%d messages of %d bytes: %v allocations", len(batch), size, n)
		}
	}
}

// TestAllocationsIn: the same from a client.
func TestAllocationsIn(t *testing.T) {
	for _, size := range []int{10, 200, 20 << 10} {
		frame := appendMasked(nil, 0x81, bytes.Repeat([]byte("x"), size), [4]byte{1, 2, 3, 4})
		frames := newFrameReader(bridgetest.Again{Text: bytes.Repeat(frame, max(1, 10_000/size))}, 1<<20, bridge.Text)
		messages := 0
		n := testing.AllocsPerRun(100, func() {
			batch, err := frames.Next()
			if err != nil {
				t.Fatal(err)
			}
			messages += len(batch)
		})
		if n > perBatch || messages < 100 {
			t.Errorf("messages of %d bytes: %v allocations a batch, %d messages in all", size, n, messages)
		}
	}
}
