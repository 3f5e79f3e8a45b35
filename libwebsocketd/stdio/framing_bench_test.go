package stdio

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/internal/readbuf"
	"websocketd/libwebsocketd/process"
)

// repeated returns text for ever, as much as fits at once.
type repeated struct {
	text []byte
	at   int
}

func (r *repeated) ReadInto(in *readbuf.Buffer) (int, error) {
	room := in.Space()
	n := copy(room, r.text[r.at:])
	r.at = (r.at + n) % len(r.text)
	return n, nil
}

// BenchmarkOutput measures a line from the pipe's bytes to a batch.
func BenchmarkOutput(b *testing.B) {
	for _, size := range []int{10, 100, 1000} {
		b.Run(strconv.Itoa(size), func(b *testing.B) {
			text := bytes.Repeat(append(bytes.Repeat([]byte("x"), size-1), '\n'), 64*readbuf.BlockSize/size/64)
			out := &textOutput{lines: newLineReader(&repeated{text: text}, 1<<20, nil)}
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for n := 0; n < b.N; {
				batch, err := out.Next()
				if err != nil {
					b.Fatal(err)
				}
				n += len(batch)
			}
		})
	}
}

// BenchmarkInput measures a message from a batch to the write.
func BenchmarkInput(b *testing.B) {
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		b.Fatal(err)
	}
	defer null.Close()
	for _, size := range []int{10, 100, 1000, 100000} {
		b.Run(strconv.Itoa(size), func(b *testing.B) {
			p := &Endpoint{proc: &process.Process{Stdin: null}}
			p.input = inputTo(p.proc.Stdin, &Options{})
			batch := make([]bridge.Message, max(1, readbuf.BlockSize/size))
			for i := range batch {
				batch[i] = bridge.Message{Kind: bridge.Text, Data: bytes.Repeat([]byte("x"), size)}
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

// framedMessages returns messages of some hundred bytes in every framing.
func framedMessages() map[Framing][]byte {
	message := `{"jsonrpc":"2.0","method":"note","params":["` + strings.Repeat("x", 54) + `"]}`
	wires := make(map[Framing][]byte)
	for _, framing := range []Framing{FramingNull, FramingLength, FramingLSP, FramingNDJSON} {
		one, _ := frameAll(newFramer(&Options{Framing: framing}), bridge.Message{Kind: bridge.Text, Data: []byte(message)})
		wires[framing] = bytes.Repeat([]byte(one), readbuf.BlockSize/len(one))
	}
	return wires
}

// BenchmarkFramedOutput measures what BenchmarkOutput does for a message of 100 bytes that
// is no line.
func BenchmarkFramedOutput(b *testing.B) {
	for framing, wire := range framedMessages() {
		b.Run(string(framing), func(b *testing.B) {
			cfg := &Options{Framing: framing, MaxLine: 1 << 20}
			out := newFramedOutput(&repeated{text: wire}, newCutter(cfg, nil))
			b.ReportAllocs()
			for n := 0; n < b.N; {
				batch, err := out.Next()
				if err != nil {
					b.Fatal(err)
				}
				n += len(batch)
			}
		})
	}
}

// BenchmarkFramedInput measures the other direction.
func BenchmarkFramedInput(b *testing.B) {
	message := []byte(`{"jsonrpc":"2.0","method":"note","params":["` + strings.Repeat("x", 54) + `"]}`)
	batch := slices.Repeat([]bridge.Message{{Kind: bridge.Text, Data: message}}, readbuf.BlockSize/100)
	for name, cfg := range map[string]Options{"raw": {Framing: FramingRaw}, "null": {Framing: FramingNull}, "length": {Framing: FramingLength},
		"lsp": {Framing: FramingLSP}, "ndjson": {Framing: FramingNDJSON}, "escape": {Newlines: NewlinesEscape}, "reject": {Newlines: NewlinesReject}} {
		b.Run(name, func(b *testing.B) {
			in := &framedInput{to: io.Discard, framer: newFramer(&cfg)}
			b.ReportAllocs()
			for n := 0; n < b.N; n += len(batch) {
				if err := in.Send(batch); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// TestFramedAllocations: a message costs no allocation, in either direction.
func TestFramedAllocations(t *testing.T) {
	const batches = 50
	for framing, wire := range framedMessages() {
		cfg := &Options{Framing: framing, MaxLine: 1 << 20}
		out := newFramedOutput(&repeated{text: wire}, newCutter(cfg, nil))
		in := &framedInput{to: io.Discard, framer: newFramer(cfg)}
		messages := 0
		allocations := testing.AllocsPerRun(1, func() {
			messages = 0
			for range batches {
				batch, err := out.Next()
				if err == nil {
					err = in.Send(batch)
				}
				if err != nil {
					t.Fatal(err)
				}
				messages += len(batch)
			}
		})
		if framing == FramingNDJSON {
			allocations -= allocationsOfJSON(wire, messages)
		}
		if messages < 100*batches || allocations > float64(messages)/20 { // some are the pool's
			t.Errorf("%s: %v allocations for %d messages", framing, allocations, messages)
		}
	}
}

// allocationsOfJSON returns those of the package encoding/json, which are none unless the
// race detector empties its pool.
func allocationsOfJSON(lines []byte, messages int) float64 {
	line, _, _ := bytes.Cut(lines, []byte("\n"))
	var room bytes.Buffer
	return testing.AllocsPerRun(1, func() {
		for range messages {
			room.Reset()
			json.Valid(line)
			json.Compact(&room, line)
		}
	})
}
