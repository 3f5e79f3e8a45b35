package shared

import (
	"cmp"
	"context"
	"time"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/flow"
	"websocketd/libwebsocketd/record"
)

// Restore returns a Hub that goes on where another server's stands still. The caller calls Resume.
func Restore(o HubOptions, from *Handed) *Hub {
	all := record.Snapshot[item]{Epoch: from.Record.Epoch, Messages: from.Record.Messages}
	for _, k := range from.Record.Items {
		all.Items = append(all.Items, record.Kept[item]{
			Item: item{chunk: k.Item.Chunk, note: k.Item.Note, restart: k.Item.Restart, ended: k.Item.Ended}, Messages: k.Messages, Bytes: k.Bytes})
	}
	output := record.Restore(o.limits(), all)
	_, last := output.Kept()
	h := newHub(o, output, flow.Options{Last: last, Confirmed: from.Confirmed})
	h.first.restore(from.First)
	h.unkept = from.Unkept
	if len(from.Input) > 0 {
		h.kept = newInputBatch(from.Input)
	}
	h.before, h.restarts = from.Before, from.Restarts
	h.endings.Store(int64(from.Endings))
	h.returns, h.known, h.previous = from.Returns, from.Known, from.Ending.err()
	switch {
	case from.Expires:
		h.Expire(from.Linger)
	case h.Hold && h.known: // nobody says that again, and this server's setting may be for ever
		h.KeepFor(h.linger)
	}
	h.until = time.Now().Add(from.Left)
	return h
}

// Resume makes a restored Hub go on: with its process if it has one, with another one if the Keeper
// was waiting to start that, or with what clients may still come for.
func (h *Hub) Resume(runtime *libwebsocketd.Runtime, from *Handed, with *libwebsocketd.Handed) {
	switch {
	case from.Over:
		h.open()
		h.close(h.previous)
		runtime.Go(func() {
			defer close(h.exited)
			h.outlastAndVanish(h.Shelf.put(h))
		})
	case from.Process == nil:
		runtime.Go(h.Keep())
	default:
		program, err := h.Continue(from.Process, with)
		if err != nil {
			h.say(libwebsocketd.LevelError, "not taken over: "+err.Error())
			h.Fail()
			return
		}
		h.setProcess(program)
		h.recall(from)
		h.open()
		runtime.Go(func() { h.run(program) })
	}
}

// close ends the record: the last process has ended like that.
func (h *Hub) close(ending error) {
	h.mu.Lock()
	h.closing, h.over, h.ending = true, true, ending
	h.mu.Unlock()
	// The server's shutdown is the cause if there is one, also between two processes,
	// when the last one has ended by itself.
	h.output.Close(cmp.Or(context.Cause(h.Stop), ending))
	close(h.done)
}
