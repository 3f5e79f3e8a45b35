package ws

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"testing"

	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/internal/bridgetest"
	"websocketd/libwebsocketd/internal/frame"
	"websocketd/libwebsocketd/internal/readbuf"
)

// BenchmarkFrames measures a client's message from the wire to a batch.
func BenchmarkFrames(b *testing.B) {
	for _, size := range []int{10, 100, 1000} {
		b.Run(strconv.Itoa(size), func(b *testing.B) {
			wire := []byte{frame.FinalBit | byte(bridge.Text), maskBit | byte(size), 1, 2, 3, 4}
			if size > 125 {
				wire = []byte{frame.FinalBit | byte(bridge.Text), maskBit | 126, byte(size >> 8), byte(size), 1, 2, 3, 4}
			}
			payload := bytes.Repeat([]byte("x"), size)
			applyMask(payload, 0x04030201)
			wire = append(wire, payload...)
			stream := bytes.Repeat(wire, readbuf.BlockSize/len(wire))
			f := newFrameReader(bridgetest.Eager{R: &forever{text: stream}}, 1<<20, bridge.Text)
			measureReading(b, f, size)
		})
	}
}

// measureReading reads b.N messages of a size.
func measureReading(b *testing.B, f *frameReader, size int) {
	b.SetBytes(int64(size))
	b.ReportAllocs()
	for n := 0; n < b.N; {
		batch, err := f.Next()
		if err != nil {
			b.Fatal(err)
		}
		n += len(batch)
	}
}

// BenchmarkServerFrames measures a server's message from the wire to a batch.
func BenchmarkServerFrames(b *testing.B) {
	for _, size := range []int{10, 100, 1000} {
		b.Run(strconv.Itoa(size), func(b *testing.B) {
			wire := append(frame.AppendHeader(nil, frame.FinalBit|byte(bridge.Text), size), bytes.Repeat([]byte("x"), size)...)
			f := newFrameReader(bridgetest.Eager{R: &forever{text: bytes.Repeat(wire, readbuf.BlockSize/len(wire))}}, 1<<20, bridge.Text)
			f.plain = true
			measureReading(b, f, size)
		})
	}
}

// BenchmarkSend measures a message from a batch to the wire, as a server sends it and
// masked as a client does.
func BenchmarkSend(b *testing.B) {
	for _, masks := range []bool{false, true} {
		for _, size := range []int{10, 100, 1000, 100_000} {
			b.Run(fmt.Sprintf("masked=%v/%d", masks, size), func(b *testing.B) {
				batch := slices.Repeat([]bridge.Message{{Kind: bridge.Text, Data: bytes.Repeat([]byte("x"), size)}}, max(1, readbuf.BlockSize/size))
				c := newConn(inMemory{Writer: io.Discard, Reader: strings.NewReader("")}, nil)
				c.masks = masks
				b.SetBytes(int64(size))
				b.ReportAllocs()
				for n := 0; n < b.N; n += len(batch) {
					if err := c.Send(batch); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// forever reads the same text for ever.
type forever struct {
	text []byte
	at   int
}

// Read implements io.Reader.
func (a *forever) Read(b []byte) (int, error) {
	n := copy(b, a.text[a.at:])
	a.at = (a.at + n) % len(a.text)
	return n, nil
}
