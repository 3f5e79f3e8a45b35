package readbuf

import (
	"fmt"
	"io"
	"slices"
	"testing"

	"websocketd/libwebsocketd/bridge"
)

// dropping is a source of one byte at a time.
type dropping struct{}

func (dropping) ReadInto(in *Buffer) (int, error) {
	in.Space()[0] = 'x'
	return 1, nil
}

// BenchmarkDrops: a byte costs no more after many unread bytes than after none.
func BenchmarkDrops(b *testing.B) {
	for _, size := range []int{0, 1 << 20, 16 << 20} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			in := Buffer{Source: dropping{}, MaxUnread: size + BlockSize}
			in.move(makeBlock(size+SmallBlock), make([]byte, size))
			for b.Loop() {
				in.Fill()
				if len(in.buf) > size+BlockSize-KeptSize {
					in.buf = in.buf[:size]
				}
			}
		})
	}
}

// looking checks a Buffer each time its owner is about to wait.
type looking struct {
	in    *Buffer
	reads [][]byte
	held  int // what the Buffer held the last time
}

// Read implements io.Reader.
func (l *looking) Read(b []byte) (int, error) {
	l.held = 0
	if l.in.block != nil {
		l.held = len(l.in.block.Data)
	}
	if len(l.reads) == 0 {
		return 0, io.EOF
	}
	n := copy(b, l.reads[0])
	if l.reads[0] = l.reads[0][n:]; len(l.reads[0]) == 0 {
		l.reads = l.reads[1:]
	}
	return n, nil
}

// TestPlainSourceHoldsNoRoom: a TLS connection costs nothing but its small buffer
// while it waits, whatever came before.
func TestPlainSourceHoldsNoRoom(t *testing.T) {
	for _, size := range []int{5, 5000, 896 << 10} {
		l := new(looking)
		for part := range slices.Chunk(make([]byte, size), 16<<10) { // as TLS does
			l.reads = append(l.reads, part)
		}
		l.in = &Buffer{Source: &plainSource{r: l}, MaxUnread: 1 << 20}
		for len(l.in.Unread()) < size {
			if err := l.in.Fill(); err != nil {
				t.Fatal(err)
			}
		}
		l.in.Use(size)
		l.in.Fill() // waits for the next message
		if l.held != 0 {
			t.Errorf("after a message of %d bytes a waiting inbox holds %d", size, l.held)
		}
	}
}

// TestBeginForgets: a block that goes to another owner keeps no long message of the last batch,
// which is its first or its last.
func TestBeginForgets(t *testing.T) {
	for n := range 4 {
		var in Buffer
		for range n {
			in.Batch = append(in.Batch, bridge.Message{Data: make([]byte, 1)})
		}
		in.Begin()
		if all := in.Batch[:n]; len(in.Batch) != 0 || n > 0 && (all[0].Data != nil || all[n-1].Data != nil) {
			t.Errorf("%d messages: %v", n, all)
		}
	}
}
