package stdio

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/internal/bridgetest"
)

// perRead bounds what a batch of a thousand lines may allocate: a pool may be emptied
// in between, and under the race detector forgets on purpose.
const perRead = 8

// TestOutputAllocations: a thousand lines of a program cost no allocation each.
func TestOutputAllocations(t *testing.T) {
	for name, line := range map[string]string{"short": "0123456789\n", "characters": "\u20ac\u20ac\u20ac\n", "long": strings.Repeat("x", 20<<10) + "\n"} {
		output := &textOutput{newLineReader(bridgetest.Again{Text: []byte(strings.Repeat(line, max(1, 1000*len("0123456789\n")/len(line))))}, 1<<20, nil)}
		lines := 0
		n := testing.AllocsPerRun(100, func() {
			batch, err := output.Next()
			if err != nil {
				t.Fatal(err)
			}
			lines += len(batch)
		})
		if n > perRead || lines < 100 {
			t.Errorf("%s lines: %v allocations a batch, %d lines in all", name, n, lines)
		}
	}
}

// TestInputAllocations: the same to a program.
func TestInputAllocations(t *testing.T) {
	in := &lineInput{to: io.Discard}
	for _, size := range []int{10, 200, 20 << 10} {
		batch := make([]bridge.Message, max(1, 100_000/size))
		for i := range batch {
			batch[i] = bridge.Message{Kind: bridge.Text, Data: bytes.Repeat([]byte("x"), size)}
		}
		n := testing.AllocsPerRun(100, func() {
			if err := in.Send(batch); err != nil {
				t.Fatal(err)
			}
		})
		if n > perRead {
			t.Errorf("%d messages of %d bytes: %v allocations", len(batch), size, n)
		}
	}
}
