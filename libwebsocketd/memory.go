package libwebsocketd

import (
	"context"
	"errors"
	"time"

	"websocketd/libwebsocketd/gate"
	"websocketd/libwebsocketd/internal/socket"
)

// ErrTooSlow is why a message is not taken whose client sends next to nothing of it
// while others wait for the memory it holds.
var ErrTooSlow = errors.New("the message comes too slowly while others wait for memory (see --maxmemory)")

// past is a deadline that ends a read that is at work.
var past = time.Unix(1, 0)

// costOf is the memory of a message of which size bytes have come. Its room is
// doubled as it grows, and the collector lets as much garbage stand beside what is
// used before it looks.
func costOf(size int) int64 { return 2 * int64(smallRoom+2*size) }

// countMessages makes what has come of the client's messages count against b.
func (w *WebSocketEndpoint) countMessages(b *gate.Budget) {
	w.share = b.Share(w.late)
	w.frames.in.small = func() bool { return b.Tight() && w.share.Held() == 0 }
	w.frames.afford, w.frames.arrived = w.afford, w.share.Whole
}

// late ends the reading from a client that is too slow, unless it is we who are: then
// something of it waits to be read, and nothing was read since the last look. One
// goroutine at a time may call it.
func (w *WebSocketEndpoint) late() bool {
	read := w.conn.in.Load()
	moved := w.looked && read != w.read
	w.looked, w.read = true, read
	if socket.HasUnread(w.conn.Conn) && !moved {
		return false
	}
	w.tooSlow.Store(true)
	w.conn.SetReadDeadline(past)
	return true
}

// afford waits until there is memory for more of a message of which size bytes have
// come. Meanwhile the client's input is held back, and no more is kept of it than
// has come.
func (w *WebSocketEndpoint) afford(size int) error {
	if size == 0 {
		w.share.Free()
		return nil
	}
	if w.share.Try(costOf(size)) {
		return nil
	}
	w.frames.in.shrink()
	if w.alive.reading.Load() {
		w.alive.received()
		defer w.alive.receiving()
	}
	return w.share.Await(w.ctx, costOf(size))
}

// Memory is what is held of a client's message that is put together by a Face.
type Memory struct {
	share *gate.Share
	ctx   context.Context
	stop  func()
}

// Memory returns one that holds nothing at first. tooSlow is called when the client sends next to nothing
// while others wait for memory; it must not block. The caller calls Free when nothing
// of the message is held any more.
func (v *Visit) Memory(tooSlow func()) *Memory {
	m := new(Memory)
	peer := connOf(v.Request.Context())
	m.share = v.server.memory.Share(func() bool {
		if peer != nil && socket.HasUnread(peer) {
			return false
		}
		tooSlow()
		return true
	})
	ctx, cancel := context.WithCancel(v.Request.Context())
	stop := context.AfterFunc(v.server.ctx, cancel)
	m.ctx, m.stop = ctx, func() { stop(); cancel() }
	return m
}

// Afford waits until there is memory for more of a message of which size bytes have
// come, or the client or the server goes away.
func (m *Memory) Afford(size int) error { return m.share.Await(m.ctx, costOf(size)) }

// Whole says that all of the message has come.
func (m *Memory) Whole() { m.share.Whole() }

// Free gives everything back.
func (m *Memory) Free() {
	m.stop()
	m.share.Free()
}
