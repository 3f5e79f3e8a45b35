package libwebsocketd

import (
	"context"

	"websocketd/libwebsocketd/gate"
	"websocketd/libwebsocketd/internal/after"
	"websocketd/libwebsocketd/internal/readbuf"
	"websocketd/libwebsocketd/internal/socket"
)

// Memory is what is held of a client's message that is put together by a Face.
type Memory struct {
	share *gate.Share
	ctx   context.Context
	stop  func()
}

// Memory returns one that holds nothing at first. tooSlow is called when the client sends next to nothing
// while others wait for memory; it must not block. The caller calls Free when nothing
// of the message is held any more.
func (req *Request) Memory(tooSlow func()) *Memory {
	m := new(Memory)
	peer := connOf(req.HTTP.Context())
	m.share = req.server.memory.Share(func() bool {
		if peer != nil && socket.HasUnread(peer) {
			return false
		}
		tooSlow()
		return true
	})
	ctx, cancel := context.WithCancel(req.HTTP.Context())
	settle := after.Done(req.server.ctx, cancel)
	m.ctx, m.stop = ctx, func() { settle(); cancel() }
	return m
}

// Afford waits until there is memory for more of a message of which size bytes have
// come, or the client or the server goes away.
func (m *Memory) Afford(size int) error { return m.share.Await(m.ctx, readbuf.Cost(size)) }

// Whole says that all of the message has come.
func (m *Memory) Whole() { m.share.Whole() }

// Free gives everything back.
func (m *Memory) Free() {
	m.stop()
	m.share.Free()
}
