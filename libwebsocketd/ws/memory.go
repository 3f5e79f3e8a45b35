package ws

import (
	"errors"
	"time"

	"websocketd/libwebsocketd/gate"
	"websocketd/libwebsocketd/internal/readbuf"
	"websocketd/libwebsocketd/internal/socket"
)

// ErrTooSlow is why a message is refused whose client sends next to nothing of it while
// others wait for the memory it holds.
var ErrTooSlow = errors.New("the message comes too slowly while others wait for memory (see --maxmemory)")

// Past is a deadline that ends a read in progress.
var Past = time.Unix(1, 0)

// countMessages counts what has come of the client's messages against b.
func (w *Endpoint) countMessages(b *gate.Budget) {
	w.share = b.Share(w.late)
	w.frames.in.Short = func() bool { return b.Tight() && w.share.Held() == 0 }
	w.frames.afford, w.frames.arrived = w.afford, w.share.Whole
}

// late ends the reading from a client that is too slow, and reports whether it did. It
// does not if we are too slow ourselves: input of the client waits, and none was read
// since the last call. One goroutine at a time may call it.
func (w *Endpoint) late() bool {
	read := w.conn.in.Load()
	moved := w.looked && read != w.read
	w.looked, w.read = true, read
	if socket.HasUnread(w.conn.Conn) && !moved {
		return false
	}
	w.tooSlow.Store(true)
	w.conn.SetReadDeadline(Past)
	return true
}

// BytesRead returns how many bytes have been read from the client.
func (w *Endpoint) BytesRead() int64 { return w.conn.in.Load() }

// Awaits reports whether Receive waits for the client: its messages are not held back, and
// nothing has arrived that is not read yet, where that is known.
func (w *Endpoint) Awaits() bool { return w.alive.reading.Load() && !socket.HasUnread(w.conn.Conn) }

// afford waits until there is memory for more of a message of which size bytes have
// come. Meanwhile the client's input is held back, and the buffer is shrunk to what has
// come.
func (w *Endpoint) afford(size int) error {
	if size <= w.spared {
		w.share.Free()
		return nil
	}
	if w.share.Try(readbuf.Cost(size)) {
		return nil
	}
	w.frames.in.Shrink()
	if w.alive.reading.Load() {
		w.alive.received()
		defer w.alive.receiving()
	}
	return w.share.Await(w.ctx, readbuf.Cost(size))
}

// Spare lets so many bytes of the client's messages come without memory for them. It must be
// called by the goroutine that receives, between two calls of Receive.
func (w *Endpoint) Spare(size int) { w.spared = size }
