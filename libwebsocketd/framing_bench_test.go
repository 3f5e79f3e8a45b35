package libwebsocketd

import (
	"bytes"
	"os"
	"strconv"
	"testing"

	"websocketd/libwebsocketd/process"
)

// repeated yields text for ever, as much as fits at once.
type repeated struct {
	text []byte
	at   int
}

func (r *repeated) readInto(in *inbox) (int, error) {
	room := in.room()
	n := copy(room, r.text[r.at:])
	r.at = (r.at + n) % len(r.text)
	return n, nil
}

// BenchmarkOutput is what a line costs from the pipe's bytes to a batch.
func BenchmarkOutput(b *testing.B) {
	for _, size := range []int{10, 100, 1000} {
		b.Run(strconv.Itoa(size), func(b *testing.B) {
			text := bytes.Repeat(append(bytes.Repeat([]byte("x"), size-1), '\n'), 64*chunkSize/size/64)
			out := &textOutput{lines: newLineReader(&repeated{text: text}, DefaultMaxLine, nil)}
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for n := 0; n < b.N; {
				batch, err := out.next()
				if err != nil {
					b.Fatal(err)
				}
				n += len(batch)
			}
		})
	}
}

// BenchmarkInput is what a message costs from a batch to the write.
func BenchmarkInput(b *testing.B) {
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		b.Fatal(err)
	}
	defer null.Close()
	for _, size := range []int{10, 100, 1000, 100000} {
		b.Run(strconv.Itoa(size), func(b *testing.B) {
			p := &ProcessEndpoint{proc: &process.Process{Stdin: null}}
			p.input = p.chooseInput(&Config{})
			batch := make([]Message, max(1, chunkSize/size))
			for i := range batch {
				batch[i] = Message{Kind: Text, Data: bytes.Repeat([]byte("x"), size)}
			}
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for n := 0; n < b.N; n += len(batch) {
				if err := p.Send(batch); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkFrames is what a client's message costs from the wire to a batch.
func BenchmarkFrames(b *testing.B) {
	for _, size := range []int{10, 100, 1000} {
		b.Run(strconv.Itoa(size), func(b *testing.B) {
			frame := []byte{finalBit | byte(Text), maskBit | byte(size), 1, 2, 3, 4}
			if size > 125 {
				frame = []byte{finalBit | byte(Text), maskBit | 126, byte(size >> 8), byte(size), 1, 2, 3, 4}
			}
			payload := bytes.Repeat([]byte("x"), size)
			unmask(payload, 0x04030201)
			frame = append(frame, payload...)
			stream := bytes.Repeat(frame, chunkSize/len(frame))
			f := newFrameReader(again{stream}, 1<<20, Text)
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for n := 0; n < b.N; {
				batch, err := f.next()
				if err != nil {
					b.Fatal(err)
				}
				n += len(batch)
			}
		})
	}
}
