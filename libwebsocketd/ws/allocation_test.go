package ws

import (
	"bytes"
	"io"
	"slices"
	"strconv"
	"strings"
	"testing"

	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/internal/bridgetest"
)

// perBatch bounds what a batch of a thousand messages may allocate: a pool may be
// emptied in between, and under the race detector forgets on purpose.
const perBatch = 8

// TestAllocationsOut: a thousand messages to a client, or masked to a server, cost no
// allocation each.
func TestAllocationsOut(t *testing.T) {
	for _, size := range []int{10, 200, 20 << 10, -10, -200, -20 << 10} { // negative: masked
		masks := size < 0
		size = max(size, -size)
		batch := make([]bridge.Message, max(1, 100_000/size))
		for i := range batch {
			batch[i] = bridge.Message{Kind: bridge.Text, Data: bytes.Repeat([]byte("x"), size)}
		}
		c := newConn(inMemory{Writer: io.Discard, Reader: strings.NewReader("")}, nil)
		c.masks = masks
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

// TestAllocationsConfirmed: a delivery costs no allocation, whether the program asks what
// the client has or not.
func TestAllocationsConfirmed(t *testing.T) {
	for _, every := range []int{0, 1, 1000} {
		c := newConn(inMemory{Writer: io.Discard, Reader: strings.NewReader("")}, nil)
		w := newEndpoint(t.Context(), c, Options{PingInterval: -1})
		if every > 0 {
			w.ConfirmTo(&heedless{every: every})
		}
		chunk := bridge.NewChunk(slices.Repeat([]bridge.Message{{Kind: bridge.Text, Data: []byte("x")}}, 10))
		deliveries, payload := []bridge.Delivery{{Chunk: chunk}}, make([]byte, 0, 20)
		number := uint64(1)
		n := testing.AllocsPerRun(1000, func() {
			deliveries[0].First = number
			if err := w.Deliver(deliveries); err != nil {
				t.Fatal(err)
			}
			number += 10
			payload = strconv.AppendUint(payload[:0], number-1, 10)
			w.answer(0xA, payload)
		})
		if n > 0 {
			t.Errorf("asked after %d bytes: %v allocations a delivery", every, n)
		}
		if r := w.receipts.Load(); r != nil && r.has == 0 {
			t.Errorf("asked after %d bytes: nothing is confirmed", every)
		}
		w.Close()
	}
}

// heedless is a Confirmer that costs nothing.
type heedless struct {
	bridge.Confirmer
	every int
}

func (h *heedless) ConfirmEvery() int { return h.every }
func (*heedless) Confirm(uint64)      {}
