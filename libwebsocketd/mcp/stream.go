package mcp

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/record"
)

// stream is what one answer says: messages for the calls of one request, to the last response.
// It is kept as a record, so that a client of a session may come back for what it missed.
type stream struct {
	number uint64 // of a session's streams; 0 is that of GET
	plain  bool   // the answer is one JSON value: responses, and nothing else
	output *record.Log[item]

	saying sync.Mutex // held while something is said

	mu       sync.Mutex
	unsaid   int        // calls that are not answered
	client   *listening // the one that reads it; nil if none does
	answered int        // responses said
	began    bool       // a client has begun to read it as events, and may come back
	from     uint64     // what a client has got that has left
	whole    func()     // called when every call is answered; may be nil

	hold   func(bytes int) bool // counts what the stream keeps, and reports whether there is memory; may be nil. saying guards it
	unread func()               // called when something was said that no client reads; may be nil
}

// item is one message of a stream.
type item struct {
	chunk *libwebsocketd.Chunk
	final bool // it is a response
}

// newStream returns a stream that keeps history bytes.
func newStream(number uint64, history int) *stream {
	return &stream{number: number, output: record.New[item](limits(history))}
}

// limits returns those of a stream.
func limits(history int) record.Limits {
	return record.Limits{Bytes: history, HeldBytes: max(history/2, 1)}
}

// expect counts one more call that the stream will have the response of.
func (s *stream) expect() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.unsaid++
}

// say adds a message. With the last response the stream is complete. It waits for a client
// that reads, if what it has not taken is kept; ctx ends the wait.
func (s *stream) say(ctx context.Context, text []byte, final bool) {
	if s.plain && !final {
		return
	}
	if s.append(ctx, text, final); s.unread != nil && !s.hasReader() {
		s.unread()
	}
}

func (s *stream) append(ctx context.Context, text []byte, final bool) {
	s.saying.Lock()
	defer s.saying.Unlock()
	if s.hold != nil && len(text) > mostUncounted && !s.hold(s.output.Bytes()+len(text)) {
		if !final {
			return
		}
		text = noRoom(text)
	}
	chunk := libwebsocketd.NewChunk([]libwebsocketd.Message{{Kind: libwebsocketd.Text, Data: text}})
	last := final && s.countResponse()
	s.output.Append(ctx, item{chunk, final}, 1, chunk.Size()+libwebsocketd.ChunkCost)
	if last {
		s.complete()
	}
}

// noRoom returns what is said in the place of a response for which there is no memory.
func noRoom(text []byte) []byte {
	m, err := parse(text)
	if err != nil {
		return text // it was parsed before
	}
	return errorText(m.id.of(m.text), &rpcError{Code: codeInternal, Message: noMemory})
}

// account has what the stream keeps counted; nil: no more.
func (s *stream) account(hold func(bytes int) bool) {
	s.saying.Lock()
	defer s.saying.Unlock()
	s.hold = hold
}

// complete is called after the last response.
func (s *stream) complete() {
	s.output.Close(errComplete)
	s.mu.Lock()
	whole := s.whole
	s.mu.Unlock()
	if whole != nil {
		whole()
	}
}

// untilWhole returns a context that is done when every call is answered, too. The caller must call
// release.
func (s *stream) untilWhole(ctx context.Context) (_ context.Context, release func()) {
	ctx, cancel := context.WithCancel(ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.whole = cancel
	return ctx, cancel
}

// isWhole reports whether every call is answered.
func (s *stream) isWhole() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.unsaid == 0
}

// forgo expects one response less.
func (s *stream) forgo() {
	s.saying.Lock()
	defer s.saying.Unlock()
	s.mu.Lock()
	s.unsaid--
	last := s.unsaid == 0
	s.mu.Unlock()
	if last {
		s.complete()
	}
}

// countResponse counts a response that is about to be said, and reports whether it is the last.
func (s *stream) countResponse() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answered++
	s.unsaid--
	return s.unsaid == 0
}

// next returns the message after which a client goes on that has not said what it has.
func (s *stream) next() uint64 {
	first, _ := s.output.Kept()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.client != nil {
		return max(first-1, s.client.taken.Load())
	}
	return max(first-1, s.from)
}

// isDone reports whether the stream is complete, and nobody reads it.
func (s *stream) isDone() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.unsaid <= 0 && s.client == nil
}

// errComplete is why a stream ends: all its calls are answered.
var errComplete = &libwebsocketd.CloseWith{Code: libwebsocketd.CloseNormal, Reason: "every request is answered"}

// begin notes that a client reads the stream as events.
func (s *stream) begin() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.began = true
}

// hasBegun reports whether a client has begun to read the stream as events, and may come back.
func (s *stream) hasBegun() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.began
}

// hasReader reports whether a client reads the stream.
func (s *stream) hasReader() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.client != nil
}

// listening is a client's side of a stream, as the program of a conversation: a
// libwebsocketd.Broadcast. It is a reader of the stream, which has one at a time.
type listening struct {
	*stream
	reader *record.Reader[item]
	holds  bool          // what it has not taken is kept: the process waits
	taken  atomic.Uint64 // the last message that it has taken
	ctx    context.Context
	cancel context.CancelCauseFunc
	ahead  []record.Entry[item] // read already
	out    []libwebsocketd.Delivery
	prime  bool // the first that it says is a note

	wake func()        // ends peekFor; guarded by mu
	left chan struct{} // closed when it is not the stream's reader any more; nil unless holds
}

var _ libwebsocketd.Broadcast = (*listening)(nil)

// listen makes a client the reader of what follows message number after. Another one that reads
// the stream is told that it is replaced.
func (s *stream) listen(after uint64, holds bool) *listening {
	l := &listening{stream: s, reader: s.output.From(after), holds: holds}
	l.taken.Store(after)
	l.ctx, l.cancel = context.WithCancelCause(context.Background())
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.client != nil {
		s.client.cancel(errReplaced)
	}
	if s.client = l; holds {
		s.output.Hold(after)
		l.left = make(chan struct{})
	}
	return l
}

// errReplaced is why a client reads no more of a stream that another one reads.
var errReplaced = &libwebsocketd.CloseWith{Code: libwebsocketd.CloseTakenOver, Reason: "another request reads this stream"}

// peek waits for the first message, and reports whether it is the response that completes the
// stream. It returns the cause of ctx, or why there is none.
func (l *listening) peek(ctx context.Context) (text []byte, whole bool, err error) {
	if l.ahead, err = l.reader.Next(ctx, make([]record.Entry[item], 0, 1)); err != nil {
		return nil, false, err
	}
	first := l.ahead[0].Item
	l.mu.Lock()
	defer l.mu.Unlock()
	for m := range first.chunk.Messages(0) {
		text = m.Data
	}
	return text, first.final && l.unsaid == 0 && l.answered == 1, nil
}

// peekFor does what peek does for some time; then the error is errQuiet.
func (l *listening) peekFor(ctx context.Context, wait time.Duration) (text []byte, whole bool, err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, wait, errQuiet)
	defer cancel()
	if l.holds {
		l.mu.Lock()
		l.wake = cancel
		l.mu.Unlock()
	}
	if text, whole, err = l.peek(ctx); err != nil && l.ctx.Err() != nil {
		err = context.Cause(l.ctx)
	}
	return text, whole, err
}

// dismiss ends what the client reads, for a cause.
func (l *listening) dismiss(cause error) {
	l.cancel(cause)
	l.mu.Lock()
	wake := l.wake
	l.mu.Unlock()
	if wake != nil {
		wake()
	}
}

// Deliveries waits for messages. What it has returned before is taken.
func (l *listening) Deliveries() ([]libwebsocketd.Delivery, error) {
	if l.prime {
		l.prime = false
		return append(l.out[:0], libwebsocketd.Delivery{First: l.After() + 1, Note: primed}), nil
	}
	entries := l.ahead
	if l.ahead = nil; entries == nil {
		l.take()
		var err error
		if entries, err = l.reader.Next(l.ctx, make([]record.Entry[item], 0, 8)); err != nil {
			return nil, err
		}
	}
	l.out = l.out[:0]
	for _, e := range entries {
		l.out = append(l.out, libwebsocketd.Delivery{Chunk: e.Item.chunk, First: e.First})
	}
	return l.out, nil
}

// take notes that the client has taken what was returned. For one that has left, or was replaced,
// nothing is kept.
func (l *listening) take() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.taken.Store(l.reader.After())
	if l.holds && l.client == l {
		l.output.Hold(l.reader.After())
	}
}

// Receive does what Deliveries does, without numbers.
func (l *listening) Receive() (batch []libwebsocketd.Message, err error) {
	deliveries, err := l.Deliveries()
	for _, d := range deliveries {
		batch = slices.AppendSeq(batch, d.Chunk.Messages(d.Skip))
	}
	return batch, err
}

// Epoch returns nothing: the numbers are of this stream alone.
func (l *listening) Epoch() string { return "" }

// After returns the number of the last message that was returned.
func (l *listening) After() uint64 { return l.reader.After() - uint64(len(l.ahead)) }

// Watch does nothing: nothing is dropped that a client has not taken, or the stream breaks off.
func (l *listening) Watch(func() (int64, bool)) {}

// Send does nothing: an answer has no input.
func (l *listening) Send([]libwebsocketd.Message) error { return nil }

// CloseSend does nothing.
func (l *listening) CloseSend(error) error { return nil }

// Context returns a context that is never done: Deliveries reports the end.
func (l *listening) Context() context.Context { return context.Background() }

// Close makes the client leave.
func (l *listening) Close() error {
	l.cancel(errLeft)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.client == l {
		l.client, l.from = nil, l.taken.Load()
		l.output.Release()
		if l.left != nil {
			close(l.left)
		}
	}
	return nil
}

// errLeft is why a client that has left reads no more.
var errLeft = &bridge.CloseError{Code: bridge.CloseAbnormal}
