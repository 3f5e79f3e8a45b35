package shared

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/flow"
	"websocketd/libwebsocketd/gate"
	"websocketd/libwebsocketd/process"
	"websocketd/libwebsocketd/record"
)

var (
	errLeft = errors.New("the viewer has left")
	errOver = errors.New("the program has ended")

	errMissed = errors.New("the process has ended that the message was for")

	errQuiet = errors.New("the client takes nothing but the output (notes=no)")

	errNotStarted = errors.New("the program has not started yet")
)

// Subscription is the program's side of a viewer's conversation with a shared process.
// It is a libwebsocketd.Broadcast.
type Subscription struct {
	hub      *Hub
	log      *slog.Logger
	reader   *record.Reader[item]
	fresh    bool   // it has read nothing yet, so messages no longer kept are no gap
	gaps     bool   // it is sent a note of what it misses, and goes on
	notes    bool   // it can be sent a note between the beginning and the history, even if fresh
	strict   bool   // a restart closes it, for it cannot be sent notes
	quiet    bool   // it asked for no notes at all
	from     uint64 // the message after which it began
	begins   bool   // it named no position: restarts before it joined do not concern it
	restarts int    // number of restarts when it joined
	asks     bool   // it is told when a process has ended, instead of when another has started
	endings  int    // number of endings when it joined

	told    atomic.Int64            // how many processes had ended before what it was given last, if it asks
	cursor  *flow.Cursor            // nil if it does not listen
	returns bool                    // it leaves for a moment and comes back
	stays   bool                    // see Stay
	ctx     context.Context         // done when it has left
	left    context.CancelCauseFunc // of ctx

	into    []record.Entry[item] // room for items, reused
	large   bool                 // its last item was larger than largeItem
	out     []libwebsocketd.Delivery
	batch   []libwebsocketd.Message
	pending error     // returned after what was delivered
	mute    sync.Once // logs that its messages are ignored

	heeds atomic.Bool   // Close waits until the client has said all it had to say
	said  chan struct{} // closed by ClientSilent
	mouth sync.Once     // closes said
	once  sync.Once     // guards Close
}

var _ libwebsocketd.Broadcast = (*Subscription)(nil)

// most is how many items a viewer takes at once, and holds while it writes them. After
// an item larger than largeItem it takes only one.
const (
	most      = 4
	largeItem = 256 << 10
)

// Attach adds a viewer. Without a refusal a nil viewer means that the hub takes none.
func (h *Hub) Attach(call *libwebsocketd.Attach, from From) (*Subscription, *gate.Refusal) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !closed(h.ready) || h.still != nil || h.closing && !(h.over && !h.lost && (h.Hold && !call.SendOnly || wantsRecord(call, from))) {
		return nil, nil
	}
	from.gaps = from.gaps || call.SendOnly // it misses nothing: the position only says which process is meant
	if refusal := from.check(h); refusal != nil {
		return nil, refusal
	}
	s := &Subscription{
		hub: h, log: call.Log, returns: call.Polling, fresh: !from.named, begins: !from.named,
		gaps:   from.gaps || h.Life.SlowClient == SlowDrop,
		strict: (h.Strict || from.quiet) && !call.OutOfBand,
		quiet:  from.quiet && !call.OutOfBand,
		notes:  call.OutOfBand,
		asks:   call.Endings, endings: int(h.endings.Load()),
		into: make([]record.Entry[item], 0, most), said: make(chan struct{}),
	}
	s.gaps = s.gaps && (h.Marks && !from.quiet || call.OutOfBand)
	s.told.Store(h.endings.Load())
	s.ctx, s.left = context.WithCancelCause(context.Background())
	h.returns = h.returns || call.Polling
	if !call.SendOnly {
		s.from, s.restarts = h.begin(s, from), h.restarts
		s.reader = h.output.From(s.from)
		s.cursor = h.flow.Join(s.from)
	}
	h.viewers = append(h.viewers, s)
	h.stir()
	return s, nil
}

// begin returns the message after which a viewer begins: the one it names, or else the
// one before the first that is kept. That is also where a viewer begins that may miss
// messages (gap=ok), but cannot be sent a note of them. A viewer that is closed on a restart
// gets nothing from the process before it. h.mu is held.
func (h *Hub) begin(s *Subscription, from From) uint64 {
	first, _ := h.output.Kept()
	switch {
	case from.acked:
		return h.flow.Confirmed()
	case from.named:
		h.Confirm(from.position.Number)
		if from.gaps && !s.gaps {
			return max(first-1, from.position.Number)
		}
		return from.position.Number
	case s.strict && !h.Hold:
		return max(first-1, h.before)
	}
	return first - 1
}

// detach removes a viewer.
func (h *Hub) detach(s *Subscription) {
	if s.cursor != nil {
		s.cursor.Leave()
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.viewers = slices.DeleteFunc(h.viewers, func(other *Subscription) bool { return other == s })
	if h.alone != nil && len(h.viewers) == 0 && !closed(h.alone) {
		close(h.alone)
	}
	h.unshelve()
	keep := h.linger
	if s.returns && !h.Hold {
		keep = max(keep, lease)
	}
	if until := time.Now().Add(keep); until.After(h.until) {
		h.until = until
	}
	h.stir()
}

// expect notes that a viewer leaves because it is told to come back. If it is the last
// one, that is no reason to end the process.
func (h *Hub) expect(s *Subscription) {
	h.mu.Lock()
	defer h.mu.Unlock()
	s.returns = true
}

// Epoch returns the name of the numbering of the messages.
func (s *Subscription) Epoch() string { return s.hub.output.Epoch() }

// After returns the number of the last message returned by Deliveries.
func (s *Subscription) After() uint64 { return s.reader.After() }

// Watch sets the function that measures whether the client takes what it is given.
func (s *Subscription) Watch(taken func() (count int64, rest bool)) {
	s.cursor.Watch(taken)
}

// Deliveries waits for output of the process, as numbered messages, and for notes. Its
// error is final: how the last process ended, or why this viewer gets no more.
func (s *Subscription) Deliveries() ([]libwebsocketd.Delivery, error) {
	if s.pending != nil {
		return nil, s.last(s.pending)
	}
	if s.ctx.Err() != nil && s.hub.Context.Err() == nil {
		return nil, context.Cause(s.ctx)
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
		return s.Deliveries() // the pending error, or what follows
	}
	return s.out, nil
}

// catchUp fills the gap of a viewer that goes on with message number next, but not from
// message before. It adds what was kept of the beginning, and then a note of what the
// viewer misses. A fresh viewer misses only what lies between the beginning and next.
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

// room returns the room for the next items. It lets go of the last ones, so that a
// viewer that waits holds nothing.
func (s *Subscription) room() []record.Entry[item] {
	clear(s.out)
	clear(s.into[:cap(s.into)])
	s.out = s.out[:0]
	if s.fresh || s.large {
		return s.into[:0:1]
	}
	return s.into[:0]
}

// hand makes deliveries of entries, up to a restart that this viewer cannot be sent.
func (s *Subscription) hand(entries []record.Entry[item]) {
	for _, e := range entries {
		if s.asks {
			s.told.Store(max(s.told.Load(), e.Item.process))
		}
		if e.Item.only != nil && e.Item.only != s || !s.wants(&e.Item) {
			continue
		}
		if e.Item.restart > 0 && s.strict {
			if e.Item.restart <= s.restarts && (e.First-1 <= s.from || s.begins) {
				continue // it joined after that restart
			}
			s.pending = &libwebsocketd.CloseWith{Code: libwebsocketd.CloseServiceRestart, Reason: "restarted after " + e.Item.note.Restarted}
			s.hub.expect(s)
			return
		}
		s.out = append(s.out, libwebsocketd.Delivery{Chunk: e.Item.chunk, First: e.First, Skip: e.Skip, Note: e.Item.note})
		s.large = e.Item.chunk != nil && e.Item.chunk.Size() > largeItem
	}
}

// wants reports whether a viewer is to be told what an item tells of a process's end, or of the
// next one's start, if it tells of that.
func (s *Subscription) wants(e *item) bool {
	if s.asks {
		return e.restart == 0 && (e.ended == 0 || e.ended > s.endings)
	}
	return e.ended == 0
}

// failed returns the final error of Deliveries when the record's is err.
func (s *Subscription) failed(err error) error {
	var gone *record.GoneError
	if errors.As(err, &gone) {
		err = &libwebsocketd.CloseWith{Code: libwebsocketd.CloseTryAgainLater, Reason: s.hub.tooSlow()}
	}
	s.pending = err
	return s.last(err)
}

// tooSlow returns what a viewer is told that needs what is no longer kept.
func (h *Hub) tooSlow() string {
	if h.Hold { // another client has confirmed it
		return "too slow: what comes next is no longer kept; come back with gap=ok, or see --history"
	}
	return "too slow: what comes next is no longer kept (see --history and --slowclient)"
}

// last returns the final error of a viewer that gets no more. The viewer may stay until
// the process has ended (see Close), but nothing is kept for it, and it is not waited
// for.
func (s *Subscription) last(err error) error {
	s.cursor.Leave()
	return err
}

// Receive does what Deliveries does, without numbers. A note becomes a message.
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

// Send sends messages to the process, in turn with those of other viewers. While there
// is no process it waits for the next one.
func (s *Subscription) Send(batch []libwebsocketd.Message) error {
	h := s.hub
	if !h.listensTo(s) {
		s.mute.Do(func() {
			s.log.Log(context.Background(), libwebsocketd.LevelError, "ignoring messages: "+h.whyDeaf(), libwebsocketd.CategoryKey, "websocket")
		})
		return nil
	}
	to := newInputBatch(batch)
	if !s.heeds.Load() {
		if err := h.put(s.ctx, to); err != errLeft || !s.heeds.Load() {
			return err
		}
	}
	return h.put(context.Background(), to) // it is on its way out, but what it says is heard
}

// SendUntil does what Send does, and gives up when ctx is done, as Hub.SendUntil does. A viewer that
// is told of endings means the process that it knows of: what that has not taken is for no other one.
func (s *Subscription) SendUntil(ctx context.Context, batch ...libwebsocketd.Message) error {
	told := s.told.Load()
	return s.hub.putWanted(ctx, batch, func() bool {
		return ctx.Err() == nil && (!s.asks || s.hub.endings.Load() <= told)
	})
}

// Endings returns how many processes of the hub had ended when the viewer came.
func (s *Subscription) Endings() int { return s.endings }

// Restart ends the process, and starts another one, as Hub.Restart does.
func (s *Subscription) Restart() { s.hub.Restart() }

// CloseSend does nothing: other viewers may go on sending.
func (s *Subscription) CloseSend(error) error { return nil }

// ClientSilent records that the client has said all it had to say. Pipe calls it.
func (s *Subscription) ClientSilent() { s.mouth.Do(func() { close(s.said) }) }

// sayTime is how long a viewer that is sent away may take to say what it has to say, and to answer
// that it goes. What it says later is lost: it is long where the machine is busy.
const sayTime = 2 * time.Second

// hear waits until a viewer that is sent away by Lift has said all it had to say.
func (s *Subscription) hear() {
	within, cancel := process.Within(context.Background(), sayTime, crowd)
	defer cancel()
	select {
	case <-s.said:
	case <-within.Done():
	}
}

// Context returns a context that is never done: Deliveries reports how the process ends.
func (s *Subscription) Context() context.Context { return context.Background() }

// Say sends a text to this viewer alone, between two messages of the output: it has no
// number, and a client that counts must not count it. One that asked for no such texts
// (notes=no) gets none: that is an error. Say waits while the output waits for viewers.
func (s *Subscription) Say(text string) error {
	if s.quiet {
		return errQuiet
	}
	return s.hub.append(item{note: &libwebsocketd.Note{Said: text}, only: s}, 0, len(text)+overhead)
}

// Leave ends the viewer's conversation with a cause of the caller's.
func (s *Subscription) Leave(cause error) { s.left(cause) }

// Close makes the viewer leave. When the server shuts down it first waits until the
// process has ended, so that the last output is delivered.
func (s *Subscription) Close() error {
	s.once.Do(func() {
		if s.hub.Context.Err() != nil {
			<-s.hub.done
		}
		if s.heeds.Load() {
			s.hear()
		}
		s.left(errLeft)
		s.hub.detach(s)
	})
	return nil
}
