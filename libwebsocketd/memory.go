package libwebsocketd

import (
	"context"

	"websocketd/libwebsocketd/gate"
)

// costOf is the memory of a message of which size bytes have come. Its room is
// doubled as it grows, and the collector lets as much garbage stand beside what is
// used before it looks.
func costOf(size int) int64 { return 2 * int64(smallRoom+2*size) }

// countMessages makes what has come of the client's messages count against b.
func (w *WebSocketEndpoint) countMessages(b *gate.Budget) {
	w.share = b.Share()
	w.frames.in.small = b.Tight
	w.frames.afford = w.afford
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

// Afford is for a client whose message is put together by a Face. afford waits until
// there is memory for more of one of which size bytes have come, or the client or the
// server goes away. The caller calls free when nothing of the message is held any
// more.
func (v *Visit) Afford() (afford func(size int) error, free func()) {
	share := v.server.memory.Share()
	ctx, cancel := context.WithCancel(v.Request.Context())
	stop := context.AfterFunc(v.server.ctx, cancel)
	return func(size int) error { return share.Await(ctx, costOf(size)) }, func() {
		stop()
		cancel()
		share.Free()
	}
}
