package shared

import (
	"cmp"
	"container/list"
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/flow"
	"websocketd/libwebsocketd/gate"
	"websocketd/libwebsocketd/internal/after"
	"websocketd/libwebsocketd/internal/backoff"
	"websocketd/libwebsocketd/process"
	"websocketd/libwebsocketd/record"
)

// item is one entry of a record: messages, or a note.
type item struct {
	chunk   *libwebsocketd.Chunk
	note    *libwebsocketd.Note
	restart int // the number of the restart that note reports
}

// crowd slows down the clock of package flow while this machine is busy. Tests with a
// fake clock replace it.
var crowd = process.Crowd

// overhead is what an item costs in bytes, without its messages.
const overhead = 128

// hub is the process of one URL, the record of its output, and its viewers.
type hub struct {
	life   Lifetime
	strict bool // no note may come between messages
	log    *slog.Logger
	ctx    context.Context // done when the server shuts down, before any client's context is
	start  func() (libwebsocketd.Endpoint, *gate.Refusal)
	ended  func(error) // called with the ending of the last process; may be nil
	gone   func()      // makes the supervisor forget the hub

	shelf   *shelf        // counts what is kept while there is no process
	shelved *list.Element // of shelf, which guards it

	output  *record.Log[item]
	first   *beginning
	flow    *flow.Control[item]
	input   chan *inputBatch
	kept    *inputBatch   // what the last process did not take; only for feed
	changed chan struct{} // signals that the program's file has changed
	stirred chan struct{} // signals that viewers, until or stays have changed

	ready chan struct{} // closed when the first process has started, or has failed to
	done  chan struct{} // closed when the last process has ended

	mu       sync.Mutex
	viewers  []*Subscription // in the order they came
	until    time.Time       // when the process is ended if there are no viewers
	returns  bool            // some viewers leave for a moment and come back
	stays    bool            // the process is kept without viewers, too
	closing  bool            // the process is to end: only viewers that resume are attached, once over
	over     bool            // the record is complete
	lost     bool            // no client can come back for the record
	restarts int             // number of restarts so far
	before   uint64          // the last message before the last restart
}

// newHub returns a hub whose first process is not started yet.
func newHub(ctx context.Context, life Lifetime, kept *shelf, stays, strict, pieces bool) *hub {
	output := record.New[item](record.Limits{Bytes: life.History})
	return &hub{
		life: life, strict: strict, ctx: ctx, stays: stays, shelf: kept,
		output:  output,
		first:   newBeginning(life.KeepFirst, pieces),
		flow:    flow.New(output, flow.Options{Block: life.SlowClient == SlowBlock, Crowd: crowd}),
		input:   make(chan *inputBatch),
		changed: make(chan struct{}, 1),
		stirred: make(chan struct{}, 1),
		ready:   make(chan struct{}),
		done:    make(chan struct{}),
	}
}

// open lets viewers in: the first process has started.
func (h *hub) open() { close(h.ready) }

// fail ends a hub whose first process could not be started.
func (h *hub) fail() {
	h.mu.Lock()
	h.closing, h.over = true, true
	h.mu.Unlock()
	h.gone()
	close(h.ready)
	close(h.done)
}

// settled returns the channel to wait for when the hub takes no viewer: it is closed
// when the first process has started, or if it had already, when the last has ended.
func (h *hub) settled() <-chan struct{} {
	if closed(h.ready) {
		return h.done
	}
	return h.ready
}

// isOver reports whether the record is complete.
func (h *hub) isOver() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.over
}

// run keeps the hub going, from its first process until no client can come back to it.
func (h *hub) run(program libwebsocketd.Endpoint) {
	defer after.Done(h.ctx, h.flow.StopBlocking)()
	pause := backoff.Pause{Good: goodRun}
	var ending error
	var dropped <-chan struct{}
	for program != nil {
		began := time.Now()
		var again bool
		again, ending = h.serve(program)
		dropped = h.shelf.put(h)
		if program = h.next(&pause, ending, began, again); program != nil {
			h.shelf.take(h)
		}
	}
	h.mu.Lock()
	left := h.closing
	h.closing, h.over = true, true
	h.mu.Unlock()
	_, last := h.output.Kept()
	h.say(libwebsocketd.LevelAccess, "END", "ending", ending.Error(), "messages", last)
	// The server's shutdown is the cause if there is one, also between two processes,
	// when the last one has ended by itself.
	h.output.Close(cmp.Or(context.Cause(h.ctx), ending))
	close(h.done)
	if h.ended != nil {
		h.untilAlone()
		h.ended(ending)
	}
	if !left {
		h.outlast(dropped)
	}
	h.gone()
	h.mu.Lock()
	defer h.mu.Unlock()
	h.lost = true
	h.unshelve()
}

// unshelve takes the record off the shelf if no viewer reads it and no client can come
// back for it; h.mu is held.
func (h *hub) unshelve() {
	if h.lost && len(h.viewers) == 0 {
		h.shelf.take(h)
	}
}

// reportTime is how long viewers may take to be sent the end.
const reportTime = 5 * time.Second

// untilAlone waits until all viewers have been sent the end and have left, but not
// longer than reportTime.
func (h *hub) untilAlone() {
	timer := time.NewTimer(reportTime)
	defer timer.Stop()
	for h.isWatched() {
		select {
		case <-h.stirred:
		case <-timer.C:
			return
		case <-h.ctx.Done():
			return
		}
	}
}

// isWatched reports whether the hub has viewers.
func (h *hub) isWatched() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.viewers) > 0
}

// outlast waits while a client may come back for the record, and the record is kept.
func (h *hub) outlast(dropped <-chan struct{}) {
	h.mu.Lock()
	keep := h.life.Linger
	if h.returns {
		keep = max(keep, lease)
	}
	h.mu.Unlock()
	timer := time.NewTimer(keep)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-dropped:
	case <-h.ctx.Done():
	}
}

// serve runs one process, from its start to its end. again reports whether it was ended
// in order to be restarted.
func (h *hub) serve(program libwebsocketd.Endpoint) (again bool, ending error) {
	ended, quit := make(chan error, 1), make(chan struct{})
	var at sync.WaitGroup
	at.Go(func() { ended <- h.listen(program) })
	at.Go(func() { h.feed(program, quit) })
	defer at.Wait()
	idle := time.NewTimer(0) // fires at once, and is armed then
	defer idle.Stop()
	for {
		select {
		case ending = <-ended:
			close(quit)
			program.Close()
			return again, ending
		case <-h.changed:
			again = true
		case <-h.ctx.Done():
		case <-h.stirred:
			h.arm(idle)
			continue
		case <-idle.C:
			if !h.leave() {
				h.arm(idle)
				continue
			}
		}
		close(quit)
		program.Close() // by the ladder; its last output is still read
		return again, <-ended
	}
}

// arm sets a timer to when the hub closes if no viewer comes.
func (h *hub) arm(idle *time.Timer) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.isWanted() {
		idle.Stop()
		return
	}
	idle.Reset(time.Until(h.until))
}

// isWanted reports whether the process is kept for now; h.mu is held.
func (h *hub) isWanted() bool { return h.stays || len(h.viewers) > 0 }

// leave closes the hub if its time without viewers is over, and reports whether the
// hub is closed.
func (h *hub) leave() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closing = h.closing || !h.isWanted() && !time.Now().Before(h.until)
	return h.closing
}

// stir makes the hub look at its viewers again.
func (h *hub) stir() {
	select {
	case h.stirred <- struct{}{}:
	default:
	}
}

// retire lets the process end when it has no viewers.
func (h *hub) retire() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.stays = false
	h.stir()
}

// listen adds the output of a process to the record. It returns how the process ended.
func (h *hub) listen(program libwebsocketd.Endpoint) error {
	for {
		batch, err := program.Receive()
		if err != nil {
			return err
		}
		chunk := libwebsocketd.NewChunk(batch)
		messages := int(chunk.Tally().Messages)
		if err := h.flow.Append(item{chunk: chunk}, messages, chunk.Size()+overhead); err != nil {
			return err
		}
		if size := h.first.add(chunk); size > 0 { // after the record, which drops only what has been added here
			h.say(libwebsocketd.LevelError, fmt.Sprintf("nothing of the beginning is kept: the first message has %d bytes, and --keepfirst=%d", size, h.life.KeepFirst))
		}
	}
}

// drop discards everything that is kept.
func (h *hub) drop() {
	h.output.Drop()
	_, last := h.output.Kept()
	h.first.restart(last + 1)
}

// say logs what happens to the hub.
func (h *hub) say(level slog.Level, what string, about ...any) {
	h.log.Log(context.Background(), level, what, append(about, libwebsocketd.CategoryKey, "shared")...)
}
