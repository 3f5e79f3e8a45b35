package libwebsocketd

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"slices"
	"testing"
)

// looking looks at an inbox each time its owner is about to wait.
type looking struct {
	in    *inbox
	reads [][]byte
	held  int // what the inbox held the last time
}

// Read implements io.Reader.
func (l *looking) Read(b []byte) (int, error) {
	l.held = 0
	if l.in.chunk != nil {
		l.held = len(l.in.chunk.data)
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
		sent := clientFrames(aText + string(bytes.Repeat([]byte("x"), size)))
		l := new(looking)
		for part := range slices.Chunk(sent, 16<<10) { // as TLS does
			l.reads = append(l.reads, part)
		}
		f := newFrameReader(&plainSource{r: l}, 1<<20, Text)
		l.in = &f.in
		if batch, err := f.next(); len(batch) != 1 || err != nil {
			t.Fatalf("%d messages, %v", len(batch), err)
		}
		f.next() // waits for the next message
		if l.held != 0 {
			t.Errorf("after a message of %d bytes a waiting inbox holds %d", size, l.held)
		}
	}
}

// peeked is what a listener makes that looks at the first bytes of a connection: it
// embeds the *net.TCPConn, and has a Read of its own.
type peeked struct {
	*net.TCPConn
	r *bufio.Reader
}

// Read implements io.Reader.
func (p peeked) Read(b []byte) (int, error) { return p.r.Read(b) }

// TestWrappedConnection: its own Read is the one that is used.
func TestWrappedConnection(t *testing.T) {
	client, server := tcpConns(t)
	wrapped := peeked{server, bufio.NewReader(server)}
	p := newPair(t, client, wrapped)
	w := p.endpoint(t, WebSocketOptions{})
	p.wire.Write(clientFrames(aText + "one"))
	wrapped.r.Peek(1) // read ahead, as the wrapper may at any time
	p.wire.Write(clientFrames(aText + "two"))
	got := ""
	for len(got) < len("one") {
		batch, err := w.Receive()
		if err != nil {
			t.Fatal(err)
		}
		got += text(batch)
	}
	if got[:3] != "one" {
		t.Errorf("the first message is %q", got)
	}
}

// dropping is a source of one byte at a time.
type dropping struct{}

func (dropping) readInto(in *inbox) (int, error) {
	in.room()[0] = 'x'
	return 1, nil
}

// BenchmarkDrops: a byte behind much that is unread costs no more than one behind
// nothing.
func BenchmarkDrops(b *testing.B) {
	for _, size := range []int{0, 1 << 20, 16 << 20} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			in := inbox{source: dropping{}, most: size + chunkSize}
			in.move(makeChunk(size+smallRoom), make([]byte, size))
			for b.Loop() {
				in.fill()
				if len(in.buf) > size+chunkSize-keptSize {
					in.buf = in.buf[:size]
				}
			}
		})
	}
}
