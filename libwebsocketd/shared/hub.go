package shared

import (
	"container/list"
	"context"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/flow"
	"websocketd/libwebsocketd/gate"
	"websocketd/libwebsocketd/process"
	"websocketd/libwebsocketd/record"
)

// item is one entry of a record: messages, or a note.
type item struct {
	chunk   *libwebsocketd.Chunk
	note    *libwebsocketd.Note
	restart int           // the number of the restart that note reports
	ended   int           // the number of the ending that note reports
	only    *Subscription // the viewer that note is for; nil is all
	process int64         // how many processes had ended before
}

// crowd slows down the clocks for clients while this machine is busy. Tests with a fake clock
// replace it.
var crowd = process.Crowd

// overhead is what an item costs in bytes, without its messages.
const overhead = libwebsocketd.ChunkCost

// Hub is one process, or one after another, with the record of their output and their
// viewers. It is what lifetimes shared and session are made of. Its methods may be called
// concurrently.
type Hub struct {
	HubOptions
	shelved *list.Element // of Shelf, which guards it
	release func()        // ends the watch over files; nil without one

	output  *record.Log[item]
	first   *beginning
	flow    *flow.Control[item]
	input   chan *inputBatch
	keeper  Keeper
	kept    *inputBatch   // what the last process did not take; only for feed
	refusal *gate.Refusal // of a first process that was to be started by run; only for run
	changed chan struct{} // signals that the program's file has changed
	stirred chan struct{} // signals that viewers, until or stays have changed

	appending sync.Mutex // guards flow.Append

	ready chan struct{} // closed when the first process has started, or has failed to
	quit  chan struct{} // closed by End
	done  chan struct{} // closed when the last process has ended
	told  chan struct{} // closed by ConfirmEnd
	said  chan struct{} // signals that some client may have been told the end
	stop  sync.Once     // closes quit
	tell  sync.Once     // closes told

	lifts     chan *lift             // see Lift
	exited    chan struct{}          // closed when nobody answers these any more
	unkept    []*libwebsocketd.Chunk // output that the record had no room for at a Lift; only for listen
	departing *lift                  // the last one; only for run
	departed  bool                   // another server goes on with the hub; only for run
	previous  error                  // how the last process has ended, in another server; only for run

	mu       sync.Mutex
	still    chan struct{}          // not nil while a Lift lets nobody in; closed when that is over
	alone    chan struct{}          // closed when the last viewer has left, while still is not nil
	viewers  []*Subscription        // in the order they came
	linger   time.Duration          // how long the process is kept without viewers, unless stays
	process  libwebsocketd.Endpoint // the one that runs; nil if there is none
	why      string                 // why the hub has ended it; "" if it has not
	until    time.Time              // when the process is ended if there are no viewers
	returns  bool                   // some viewers leave for a moment and come back
	stays    bool                   // the process is kept without viewers, too
	expires  bool                   // linger is what Expire has set
	known    bool                   // some client may have been told the end
	closing  bool                   // the process is to end: only viewers that resume are attached, once over
	over     bool                   // the record is complete
	ending   error                  // of the last process, once over
	lost     bool                   // no client can come back for the record
	restarts int                    // number of restarts so far
	endings  atomic.Int64           // number of processes that have ended, and are to be followed
	before   uint64                 // the last message before the last restart
	follows  *successor             // the process that takes the place of the one that runs; see Replace
}

// HubOptions are the settings of a Hub, and what it is given.
type HubOptions struct {
	Life   Lifetime // all but Start and Watch
	Hold   bool     // what no viewer has confirmed (Confirm) is kept: the process waits
	Stays  bool     // the process is kept without viewers, until End
	Strict bool     // no note may come between messages: a restart closes viewers
	Marks  bool     // but a viewer that may miss messages (gap=ok) is sent a note of them
	Pieces bool     // messages are pieces of a stream
	Files  []string // the process is restarted when one of them changes

	Context  context.Context // done when the server shuts down, before any client's context is
	Stop     context.Context // done when the process is to end because of that; nil is Context
	Log      *slog.Logger
	Category string // of the log's entries
	Shelf    *Shelf // counts what is kept while there is no process

	Start func() (libwebsocketd.Endpoint, *gate.Refusal)

	// For a Hub that another server may go on with, see Lift: Pass adds what the Lifetime knows of
	// it, PassFile is a file that belongs to its process besides the pipes, and Continue goes on with a process of the server before.
	Pass     func(Handed) any
	PassFile func() (*os.File, error) // may be nil, and return nil
	Continue func(*libwebsocketd.Carried, *libwebsocketd.Handed) (libwebsocketd.Endpoint, error)

	Keeper Keeper       // decides what follows a process; nil: Life.Restart does
	Fed    func()       // called when a process has taken messages of a viewer; may be nil
	Ended  func(error)  // called with the ending of the last process; may be nil
	Gone   func()       // called when no viewer can be attached any more
	About  func() []any // what else the log tells of the end; may be nil
}

// NewHub returns a Hub. The caller calls Begin, which starts its first process.
func NewHub(o HubOptions) *Hub {
	return newHub(o, record.New[item](o.limits()), flow.Options{})
}

// limits returns the limits of the record.
func (o *HubOptions) limits() record.Limits {
	if o.Hold {
		return record.Limits{Bytes: o.Life.History, HeldBytes: max(o.Life.History/2, 1)}
	}
	return record.Limits{Bytes: o.Life.History}
}

func newHub(o HubOptions, output *record.Log[item], f flow.Options) *Hub {
	f.Block, f.Hold, f.Crowd = o.Life.SlowClient == SlowBlock, o.Hold, crowd
	h := &Hub{
		HubOptions: o, stays: o.Stays, linger: o.Life.Linger,
		output:  output,
		first:   newBeginning(o.Life.KeepFirst, o.Pieces),
		flow:    flow.New(output, f),
		input:   make(chan *inputBatch),
		changed: make(chan struct{}, 1),
		stirred: make(chan struct{}, 1),
		ready:   make(chan struct{}),
		quit:    make(chan struct{}),
		done:    make(chan struct{}),
		told:    make(chan struct{}),
		said:    make(chan struct{}, 1),
		lifts:   make(chan *lift),
		exited:  make(chan struct{}),
	}
	if h.Stop == nil {
		h.Stop = h.Context
	}
	if h.keeper = o.Keeper; h.keeper == nil {
		h.keeper = newPolicy(o.Life.Restart)
	}
	if o.Hold {
		h.until = time.Now().Add(o.Life.Linger)
	}
	if len(o.Files) > 0 {
		h.release = watch(h)
	}
	return h
}

// Begin starts the first process. It calls join, which may attach the first viewer, before
// the Hub can close. run is what the caller must call in a goroutine that the server waits
// for; it is nil after a refusal.
func (h *Hub) Begin(join func()) (run func(), refusal *gate.Refusal) {
	program, refusal := h.Start()
	if refusal != nil {
		h.Fail()
		return nil, refusal
	}
	h.setProcess(program)
	h.open()
	join()
	return func() { h.run(program) }, nil
}

// Keep does what Begin does, but run starts the first process, and asks the Keeper what follows
// if that fails. Viewers may be attached at once.
func (h *Hub) Keep() (run func()) {
	h.open()
	return func() { h.run(nil) }
}

// open lets viewers in: the first process has started.
func (h *Hub) open() { close(h.ready) }

// Fail ends a hub whose first process was not started: instead of Begin.
func (h *Hub) Fail() {
	h.mu.Lock()
	h.closing, h.over, h.lost = true, true, true
	h.mu.Unlock()
	h.leaveAll()
	close(h.ready)
	close(h.done)
	close(h.exited)
}

// leaveAll lets go of what knows the hub: no viewer can be attached any more.
func (h *Hub) leaveAll() {
	if h.release != nil {
		h.release()
	}
	h.Gone()
}

// Settled returns the channel to wait for when the hub takes no viewer: it is closed
// when the first process has started, or if it had already, when the last has ended. While the hub
// stands still it is closed when that is over.
func (h *Hub) Settled() <-chan struct{} {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case h.still != nil:
		return h.still
	case closed(h.ready):
		return h.done
	}
	return h.ready
}

// IsOver reports whether the record is complete.
func (h *Hub) IsOver() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.over
}

// Epoch returns the name of the numbering of the messages.
func (h *Hub) Epoch() string { return h.output.Epoch() }

// Kept returns which messages are kept: first..last, or none if first is last+1.
func (h *Hub) Kept() (first, last uint64) { return h.output.Kept() }

// Done returns a channel that is closed when the last process has ended.
func (h *Hub) Done() <-chan struct{} { return h.done }

// Ending returns how the last process ended, nil before.
func (h *Hub) Ending() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.ending
}

// stir makes the hub look at its viewers again.
func (h *Hub) stir() {
	select {
	case h.stirred <- struct{}{}:
	default:
	}
}

// Retire ends Stays: the process ends when it has no viewers.
func (h *Hub) Retire() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.stays = false
	h.stir()
}

// KeepFor changes how long the process is kept without viewers; 0 with Hold is for ever, or for
// toldTime if some client may have been told its end.
func (h *Hub) KeepFor(linger time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	stays := h.Hold && linger == 0
	if h.expires = stays && h.known; h.expires {
		linger, stays = toldTime, false
	}
	h.keepFor(linger, stays)
}

// Expire lets the hub end when it has been without viewers for at most that long.
func (h *Hub) Expire(most time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.stays {
		most = min(most, h.linger)
	}
	h.expires = true
	h.keepFor(most, false)
}

// keepFor sets how long the process is kept without viewers, from now on; h.mu is held.
func (h *Hub) keepFor(linger time.Duration, stays bool) {
	h.linger, h.stays, h.until = linger, stays, time.Now().Add(linger)
	h.stir()
}

// End ends the process by the ladder, with viewers or without. No other follows it, and no
// viewer can be attached any more.
func (h *Hub) End() {
	h.mu.Lock()
	if !h.closing {
		h.closing, h.why = true, "deleted"
	}
	h.mu.Unlock()
	h.stop.Do(func() { close(h.quit) })
	h.stir()
}

// isClosing reports whether the process is to end, or has ended for good.
func (h *Hub) isClosing() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.closing
}

// listen adds the output of a process to the record. It returns how the process ended.
func (h *Hub) listen(program libwebsocketd.Endpoint) error {
	before := h.unkept
	h.unkept = nil
	for _, chunk := range before {
		if err := h.keep(chunk); err != nil {
			return err
		}
	}
	for {
		batch, err := program.Receive()
		if err != nil {
			return err
		}
		if err := h.keep(libwebsocketd.NewChunk(batch)); err != nil {
			return err
		}
	}
}

// keep adds output to the record, or while the hub is made to stand still to what is not kept yet.
func (h *Hub) keep(chunk *libwebsocketd.Chunk) error {
	err := flow.ErrInterrupted
	if len(h.unkept) == 0 {
		err = h.append(item{chunk: chunk}, int(chunk.Tally().Messages), chunk.Size()+overhead)
	}
	switch {
	case err == flow.ErrInterrupted:
		h.unkept = append(h.unkept, chunk)
		return nil
	case err != nil:
		return err
	}
	if size := h.first.add(chunk); size > 0 { // after the record, which drops only what has been added here
		h.say(libwebsocketd.LevelError, fmt.Sprintf("nothing of the beginning is kept: the first message has %d bytes, and --keepfirst=%d", size, h.Life.KeepFirst))
	}
	return nil
}

// Say adds messages to the output, as if the process had written them. It waits while the
// output waits for viewers.
func (h *Hub) Say(batch []libwebsocketd.Message) error {
	chunk := libwebsocketd.NewChunk(batch)
	return h.append(item{chunk: chunk}, len(batch), chunk.Size()+overhead)
}

// append adds an item to the record, when there is room.
func (h *Hub) append(it item, messages, bytes int) error {
	h.appending.Lock()
	defer h.appending.Unlock()
	it.process = h.endings.Load()
	return h.flow.Append(it, messages, bytes)
}

// drop discards everything that is kept.
func (h *Hub) drop() {
	h.output.Drop()
	_, last := h.output.Kept()
	h.first.restart(last + 1)
}

// say logs what happens to the hub.
func (h *Hub) say(level slog.Level, what string, about ...any) {
	h.Log.Log(context.Background(), level, what, append(about, libwebsocketd.CategoryKey, h.Category)...)
}
