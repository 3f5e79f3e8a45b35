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

// item is what a record has: messages, or a note.
type item struct {
	chunk *libwebsocketd.Chunk
	note  *libwebsocketd.Note
	nth   int // restart that note tells
}

// crowd slows the clock of flow down where this machine is busy. Tests with a time of
// their own have none.
var crowd = process.Crowd

// overhead is what an item costs besides its messages.
const overhead = 128

// hub is the process of one URL, the record of what it says, and its viewers.
type hub struct {
	life   Lifetime
	strict bool // no notes between messages
	log    *slog.Logger
	ctx    context.Context // done when the server is going away, before that of any client is
	start  func() (libwebsocketd.Endpoint, *gate.Refusal)
	ended  func(error) // told how the last process ended; may be nil
	gone   func()      // tells the supervisor to forget it

	shelf   *shelf        // counts what is kept without a process
	shelved *list.Element // of shelf, which guards it

	output  *record.Log[item]
	first   *beginning
	flow    *flow.Control[item]
	input   chan *said
	kept    *said         // what the last process did not take any more; feed's
	changed chan struct{} // its file has
	stirred chan struct{} // something that idle is about has changed

	ready chan struct{} // the first process is there, or not
	done  chan struct{} // the last process is gone

	mu       sync.Mutex
	viewers  []*Subscription // in the order they came
	until    time.Time       // when it is over without viewers
	returns  bool            // some of them come back
	stays    bool            // also without viewers
	closing  bool            // nobody is attached any more
	over     bool            // what there was is said
	lost     bool            // nobody comes back for it
	restarts int             // so far
	before   uint64          // the last message before the last of them
}

func newHub(ctx context.Context, life Lifetime, kept *shelf, stays, strict, pieces bool) *hub {
	output := record.New[item](record.Limits{Bytes: life.History})
	return &hub{
		life: life, strict: strict, ctx: ctx, stays: stays, shelf: kept,
		output:  output,
		first:   newBeginning(life.KeepFirst, pieces),
		flow:    flow.New(output, flow.Options{Block: life.SlowClient == SlowBlock, Crowd: crowd}),
		input:   make(chan *said),
		changed: make(chan struct{}, 1),
		stirred: make(chan struct{}, 1),
		ready:   make(chan struct{}),
		done:    make(chan struct{}),
	}
}

func (h *hub) open() { close(h.ready) }

// fail is for a hub whose first process could not be started.
func (h *hub) fail() {
	h.mu.Lock()
	h.closing, h.over = true, true
	h.mu.Unlock()
	h.gone()
	close(h.ready)
	close(h.done)
}

// settled is closed when a hub that takes no viewer has become another.
func (h *hub) settled() <-chan struct{} {
	if closed(h.ready) {
		return h.done
	}
	return h.ready
}

func (h *hub) isOver() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.over
}

// run is the life of a hub, from its first process to the end of its last.
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
	// The server's going away comes first, also between two processes, where the last
	// one has ended by itself.
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

// unshelve is for when nobody has what is kept any more; h.mu is held.
func (h *hub) unshelve() {
	if h.lost && len(h.viewers) == 0 {
		h.shelf.take(h)
	}
}

// toldWithin is how long viewers may take to hear of the end.
const toldWithin = 5 * time.Second

// untilAlone waits until the viewers have heard that it is over, and left.
func (h *hub) untilAlone() {
	patience := time.NewTimer(toldWithin)
	defer patience.Stop()
	for h.isWatched() {
		select {
		case <-h.stirred:
		case <-patience.C:
			return
		case <-h.ctx.Done():
			return
		}
	}
}

func (h *hub) isWatched() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.viewers) > 0
}

// outlast waits as long as somebody may come back for what was said, and it is kept.
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

// serve is one process, from its start to its end. again says that it was ended to
// be started anew.
func (h *hub) serve(program libwebsocketd.Endpoint) (again bool, ending error) {
	ended, quit := make(chan error, 1), make(chan struct{})
	var at sync.WaitGroup
	at.Go(func() { ended <- h.listen(program) })
	at.Go(func() { h.feed(program, quit) })
	defer at.Wait()
	idle := time.NewTimer(0) // looks at once
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
		program.Close() // by the ladder; what it still says is listened to
		return again, <-ended
	}
}

// arm sets a timer to when the hub is over if nobody comes.
func (h *hub) arm(idle *time.Timer) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.isWanted() {
		idle.Stop()
		return
	}
	idle.Reset(time.Until(h.until))
}

// isWanted reports whether the process is to stay; h.mu is held.
func (h *hub) isWanted() bool { return h.stays || len(h.viewers) > 0 }

// leave closes the hub if its time without viewers is over.
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

func (h *hub) retire() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.stays = false
	h.stir()
}

// listen takes what a process says to the record. It returns how it ended.
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
		if size := h.first.add(chunk); size > 0 { // behind the record: what that drops must be here
			h.say(libwebsocketd.LevelError, fmt.Sprintf("nothing of the beginning is kept: the first message has %d bytes, and --keepfirst=%d", size, h.life.KeepFirst))
		}
	}
}

// drop lets go of everything that is kept.
func (h *hub) drop() {
	h.output.Drop()
	_, last := h.output.Kept()
	h.first.restart(last + 1)
}

func (h *hub) say(level slog.Level, what string, about ...any) {
	h.log.Log(context.Background(), level, what, append(about, libwebsocketd.CategoryKey, "shared")...)
}
