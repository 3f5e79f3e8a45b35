package shared

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/flow"
	"websocketd/libwebsocketd/gate"
	"websocketd/libwebsocketd/record"
)

var (
	errLeft = errors.New("the viewer has left")
	errOver = errors.New("the program has ended")
)

// Subscription is a viewer of a shared process: the program's side of its
// conversation. It is a libwebsocketd.Broadcast.
type Subscription struct {
	hub    *hub
	log    *slog.Logger
	reader *record.Reader[item]
	fresh  bool   // nothing was read: what is no longer kept is not missed
	gaps   bool   // it is told what it misses, and goes on
	notes  bool   // it has a place to be told of what it misses between the beginning and what is kept
	strict bool   // it cannot be told
	from   uint64 // the message behind which it began
	nth    int    // restart was the last one then

	cursor  *flow.Cursor // nil if it does not listen
	returns bool
	ctx     context.Context // done when it has left
	left    context.CancelCauseFunc

	into    []record.Entry[item]
	large   bool // what it had last was
	out     []libwebsocketd.Delivery
	batch   []libwebsocketd.Message
	pending error     // comes after what was delivered
	mute    sync.Once // says that nobody listens to it

	once sync.Once
}

var _ libwebsocketd.Broadcast = (*Subscription)(nil)

// most is how many items a viewer takes at once, and holds while it writes them; only
// one when they are larger than largeItem.
const (
	most      = 4
	largeItem = 256 << 10
)

// attach makes a viewer, nil if the hub takes none.
func (h *hub) attach(call *libwebsocketd.Attach, from start) (*Subscription, *gate.Refusal) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !closed(h.ready) || h.closing && !(h.over && !h.lost && from.resumes() && !call.SendOnly) {
		return nil, nil
	}
	if refusal := from.check(h.output); refusal != nil {
		return nil, refusal
	}
	s := &Subscription{
		hub: h, log: call.Log, returns: call.Polling, fresh: !from.told,
		gaps:   from.gaps || h.life.SlowClient == SlowDrop,
		strict: h.strict && !call.OutOfBand,
		notes:  call.OutOfBand,
		into:   make([]record.Entry[item], 0, most),
	}
	s.gaps = s.gaps && !s.strict
	s.ctx, s.left = context.WithCancelCause(context.Background())
	h.returns = h.returns || call.Polling
	if !call.SendOnly {
		s.from, s.nth = h.begin(s, from), h.restarts
		s.reader = h.output.From(s.from)
		s.cursor = h.flow.Join(s.from)
	}
	h.viewers = append(h.viewers, s)
	h.stir()
	return s, nil
}

// begin is the message behind which a viewer begins: the one it names, else the
// first that is kept. One that is told of a restart by being closed has nothing to
// do with the process before. h.mu is held.
func (h *hub) begin(s *Subscription, from start) uint64 {
	first, _ := h.output.Kept()
	switch {
	case from.told:
		return from.position.Number
	case s.strict:
		return max(first-1, h.before)
	}
	return first - 1
}

func (h *hub) detach(s *Subscription) {
	if s.cursor != nil {
		s.cursor.Leave()
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.viewers = slices.DeleteFunc(h.viewers, func(other *Subscription) bool { return other == s })
	h.unshelve()
	keep := h.life.Linger
	if s.returns {
		keep = max(keep, lease)
	}
	if until := time.Now().Add(keep); until.After(h.until) {
		h.until = until
	}
	h.stir()
}

// Epoch names what the numbers of the messages count from.
func (s *Subscription) Epoch() string { return s.hub.output.Epoch() }

// After is the number of the last message that Deliveries has yielded.
func (s *Subscription) After() uint64 { return s.reader.After() }

// Watch tells how to find out whether the client takes what it is given.
func (s *Subscription) Watch(taken func() (count int64, rest bool)) {
	s.cursor.Watch(taken)
}

// Deliveries blocks for what the process says, in numbered messages, and for notes.
// Its error is the final one: how the last process ended, or why this viewer gets
// no more.
func (s *Subscription) Deliveries() ([]libwebsocketd.Delivery, error) {
	if s.pending != nil {
		return nil, s.last(s.pending)
	}
	if s.ctx.Err() != nil && s.hub.ctx.Err() == nil {
		return nil, errLeft
	}
	s.cursor.Wait()
	before := s.reader.After()
	next := s.reader.Next
	if s.fresh || s.gaps {
		next = s.reader.NextKept
	}
	entries, err := next(s.ctx, s.room())
	if err != nil {
		return nil, s.failed(err)
	}
	s.catchUp(before, entries[0].First+uint64(entries[0].Skip))
	s.fresh = false
	s.hand(entries)
	s.cursor.Move(s.reader.After())
	if len(s.out) == 0 {
		return s.Deliveries() // why there is no more, or what follows
	}
	return s.out, nil
}

// catchUp is for a viewer that goes on with message number next, and is not where it
// was: what was kept of the beginning, and then a note of what it misses. Who is fresh
// misses nothing but what lies between the two.
func (s *Subscription) catchUp(before, next uint64) {
	missing := before + 1
	switch {
	case s.fresh:
		before, missing = s.hub.first.start()-1, next
	case next <= missing:
		return
	}
	d, without := s.hub.first.between(before, next)
	if d.Chunk != nil {
		s.out, missing = append(s.out, d), without
	}
	if missing < next && (!s.fresh || s.gaps || s.notes) {
		s.out = append(s.out, libwebsocketd.Delivery{First: next, Note: &libwebsocketd.Note{From: missing, To: next - 1}})
	}
}

// room is where the next items go. Who waits for them holds nothing.
func (s *Subscription) room() []record.Entry[item] {
	clear(s.out)
	clear(s.into[:cap(s.into)])
	s.out = s.out[:0]
	if s.fresh || s.large {
		return s.into[:0:1]
	}
	return s.into[:0]
}

// hand makes deliveries of entries, up to a restart that this viewer cannot be told.
func (s *Subscription) hand(entries []record.Entry[item]) {
	for _, e := range entries {
		if e.Item.note != nil && s.strict {
			if e.Item.nth <= s.nth && e.First-1 <= s.from {
				continue // it came because of that
			}
			s.pending = &libwebsocketd.CloseWith{Code: libwebsocketd.CloseServiceRestart, Reason: "restarted after " + e.Item.note.Restarted}
			return
		}
		s.out = append(s.out, libwebsocketd.Delivery{Chunk: e.Item.chunk, First: e.First, Skip: e.Skip, Note: e.Item.note})
		s.large = e.Item.chunk != nil && e.Item.chunk.Size() > largeItem
	}
}

func (s *Subscription) failed(err error) error {
	var gone *record.GoneError
	if errors.As(err, &gone) {
		err = &libwebsocketd.CloseWith{Code: libwebsocketd.CloseTryAgainLater, Reason: "too slow: what comes next is no longer kept (see --history and --slowclient)"}
	}
	s.pending = err
	return s.last(err)
}

// last is for a viewer that gets no more. It may be here until the process has ended
// (see Close), but nothing is kept for it, and nobody waits.
func (s *Subscription) last(err error) error {
	s.cursor.Leave()
	return err
}

// Receive is Deliveries without numbers. A note is a message.
func (s *Subscription) Receive() ([]libwebsocketd.Message, error) {
	deliveries, err := s.Deliveries()
	s.batch = s.batch[:0]
	for i := range deliveries {
		d := &deliveries[i]
		if d.Chunk == nil {
			s.batch = append(s.batch, libwebsocketd.Message{Kind: libwebsocketd.Text, Data: []byte(d.Note.String())})
			continue
		}
		s.batch = slices.AppendSeq(s.batch, d.Chunk.Messages(d.Skip))
	}
	return s.batch, err
}

// Send takes messages to the process, in turn with those of other viewers. Without
// a process it waits for the next one.
func (s *Subscription) Send(batch []libwebsocketd.Message) error {
	h := s.hub
	if !h.listensTo(s) {
		s.mute.Do(func() {
			s.log.Log(context.Background(), libwebsocketd.LevelError, "ignoring messages: "+h.whyDeaf(), libwebsocketd.CategoryKey, "websocket")
		})
		return nil
	}
	to := newSaid(batch)
	select {
	case h.input <- to:
	case <-s.ctx.Done():
		return errLeft
	case <-h.done:
		return errOver
	}
	select {
	case err := <-to.done:
		return err
	case <-s.ctx.Done():
		return to.answer(errLeft)
	case <-h.done:
		return to.answer(errOver)
	}
}

// CloseSend says nothing to the process: others may go on.
func (s *Subscription) CloseSend(error) error { return nil }

// Context is never done: how the process ends is told by Deliveries.
func (s *Subscription) Context() context.Context { return context.Background() }

// Close lets the viewer leave. When the server is going away it is there until the
// process has ended, and what that still says is delivered.
func (s *Subscription) Close() error {
	s.once.Do(func() {
		if s.hub.ctx.Err() != nil {
			<-s.hub.done
		}
		s.left(errLeft)
		s.hub.detach(s)
	})
	return nil
}
