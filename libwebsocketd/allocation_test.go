package libwebsocketd

import (
	"bytes"
	"io"
	"os"
	"strings"
	"testing"

	"websocketd/libwebsocketd/process"
)

// again is a source without an end.
type again struct{ text []byte }

func (a again) readInto(in *inbox) (int, error) {
	return copy(in.room(), a.text), nil
}

// perBatch bounds what a batch of a thousand messages may allocate: a pool may be
// emptied in between, and under the race detector forgets on purpose.
const perBatch = 8

// TestAllocationsOut: a thousand lines from a program to a client cost no
// allocation each.
func TestAllocationsOut(t *testing.T) {
	for name, line := range map[string]string{"short": "0123456789\n", "characters": "\u20ac\u20ac\u20ac\n", "long": strings.Repeat("x", 20<<10) + "\n"} {
		output := &textOutput{newLineReader(again{[]byte(strings.Repeat(line, max(1, 1000*len("0123456789\n")/len(line))))}, 1<<20, nil)}
		c := newConn(inMemory{Writer: io.Discard, Reader: strings.NewReader("")}, nil)
		lines := 0
		n := testing.AllocsPerRun(100, func() {
			batch, err := output.next()
			if err == nil {
				err = c.send(batch)
			}
			if err != nil {
				t.Fatal(err)
			}
			lines += len(batch)
		})
		if n > perBatch || lines < 100 {
			t.Errorf("%s lines: %v allocations a batch, %d lines in all", name, n, lines)
		}
	}
}

// TestAllocationsIn: the same from a client to a program.
func TestAllocationsIn(t *testing.T) {
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	drained := make(chan struct{})
	go func() {
		defer close(drained)
		io.Copy(io.Discard, read)
	}()
	program := &ProcessEndpoint{proc: &process.Process{Stdin: write}}
	program.input = program.chooseInput(&ProcessOptions{})
	for _, size := range []int{10, 200, 20 << 10} {
		frame := appendMasked(nil, 0x81, bytes.Repeat([]byte("x"), size), [4]byte{1, 2, 3, 4})
		frames := newFrameReader(again{bytes.Repeat(frame, max(1, 10_000/size))}, 1<<20, Text)
		messages := 0
		n := testing.AllocsPerRun(100, func() {
			batch, err := frames.next()
			if err == nil {
				err = program.Send(batch)
			}
			if err != nil {
				t.Fatal(err)
			}
			messages += len(batch)
		})
		if n > perBatch || messages < 100 {
			t.Errorf("messages of %d bytes: %v allocations a batch, %d messages in all", size, n, messages)
		}
	}
	write.Close()
	<-drained
	read.Close()
}
