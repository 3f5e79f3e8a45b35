package ws

import (
	"context"
	"errors"

	"websocketd/libwebsocketd/gate"
	"websocketd/libwebsocketd/internal/readbuf"
)

// errHeldBack ends the reading from a client whose conversation was over while a message of
// its was held back.
var errHeldBack = errors.New("the conversation is over")

// holdBack lets the client's messages pass no faster than t does. What is not read stays with
// the client's system, as when the program takes no input: no message is lost, pings and
// pongs of the keep-alive go on, and the client's silence means nothing. Its own pings and
// its close frame are no messages, but keep their place among them.
func (w *Endpoint) holdBack(t *gate.Throttle) {
	ctx, release := context.WithCancel(w.ctx)
	w.release.Store(&release)
	w.frames.throttle, w.frames.await = t, func() error {
		w.alive.received()
		defer w.alive.receiving()
		t.Await(ctx)
		if ctx.Err() != nil {
			return errHeldBack
		}
		return nil
	}
}

// takeAllowed calls takeArrived for as many messages as may pass now.
func (f *frameReader) takeAllowed() error {
	if f.throttle == nil {
		return f.takeArrived()
	}
	left := f.throttle.Left()
	f.free, f.holds = int64(left), false
	err := f.takeArrived()
	f.throttle.Pass(left - int(f.free))
	return err
}

// hold waits until the next message may pass. Its bytes are whole or not read yet, so none
// count as those of a sender who is too slow; they may keep no more than a small block.
func (f *frameReader) hold() error {
	if f.counted > 0 {
		f.counted = 0
		f.afford(0)
	}
	if f.in.Held() > readbuf.SmallBlock {
		f.in.Shrink()
	} else {
		f.in.Release()
	}
	return f.await()
}
