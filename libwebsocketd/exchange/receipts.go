package exchange

import (
	"context"
	"net/http"
	"sync"
	"time"

	"websocketd/libwebsocketd/bridge"
)

const (
	// receiptWait is the pause between two looks at a client that has not taken
	// everything.
	receiptWait = 100 * time.Millisecond

	// soonWait is the first pause of one that is about to be told the end.
	soonWait = 5 * time.Millisecond
)

// receipts learns what a client has; see doc.go. Its looks come before what is delivered,
// and now and then while something is not confirmed.
type receipts struct {
	program bridge.Confirmer
	took    func() bool // everything written so far was taken
	known   bool        // took knows

	mu    sync.Mutex
	last  uint64 // the last message that was written
	has   uint64 // the last one confirmed
	timer *time.Timer
	waits bool // timer runs
	ended bool
}

// ConfirmTo implements [bridge.Confirming]. Messages are confirmed that the client's
// system has acknowledged. That is less than a pong says: what the system has, the page
// may never get.
func (c *Client) ConfirmTo(program bridge.Confirmer) {
	r := &receipts{program: program, took: func() bool { return TookAll(c.in.request, c.peer) }}
	_, r.known = acked(c.in.request, c.peer)
	r.timer = time.AfterFunc(time.Hour, r.lookAgain)
	r.timer.Stop()
	c.receipts.Store(r)
}

// TookAll reports whether the client's system has acknowledged all that was written of the
// answer to a request. It is true where that cannot be known: our own system has it.
func TookAll(r *http.Request, p Peer) bool {
	all, known := acked(r, p)
	return all || !known
}

// acked reports whether all that was written is acknowledged, and whether that is known.
// The connection of a stream of HTTP/2 says nothing about that stream.
func acked(r *http.Request, p Peer) (all, known bool) {
	_, rest, known := p.BytesAcked(0)
	return !rest, known && r.ProtoMajor == 1
}

// look confirms what was written, if the client has taken it. r.mu is held.
func (r *receipts) look() {
	if number := r.last; r.has < number && !r.ended && r.took() {
		r.has = number
		r.program.Confirm(number)
	}
}

// before is called before more is written.
func (r *receipts) before() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.look()
}

// written is called when messages were written, of which number is the last; 0 is none.
func (r *receipts) written(number uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.last = max(r.last, number)
	if !r.known {
		r.look()
	}
	r.wait()
}

// wait starts the timer if something is not confirmed. r.mu is held.
func (r *receipts) wait() {
	if r.has < r.last && !r.ended && !r.waits {
		r.timer.Reset(receiptWait)
		r.waits = true
	}
}

func (r *receipts) lookAgain() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.waits = false
	r.look()
	r.wait()
}

// end confirms everything, and the end if that was told. Nothing is confirmed after it.
func (r *receipts) end(told bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.look()
	if told && !r.ended {
		r.program.ConfirmEnd()
	}
	r.ended = true
	r.timer.Stop()
}

// confirmEnd waits until the client has taken the end of the program, if cause is that
// and the client was told.
func (c *Client) confirmEnd(cause error) {
	if r := c.receipts.Load(); r != nil {
		r.end(bridge.IsEnd(cause) && c.IsWhole() && AwaitTaken(c.ctx, r.took, c.lastWait()))
	}
}

// AwaitTaken waits until took returns true, asking it in pauses that grow, and reports
// whether it has. It gives up after limit and when ctx is done, but when the server is
// going away (see bridge.ErrGoingAway) only a second later.
func AwaitTaken(ctx context.Context, took func() bool, limit time.Duration) bool {
	end := time.NewTimer(limit)
	defer end.Stop()
	done := ctx.Done()
	for pause := soonWait; !took(); pause = min(2*pause, receiptWait) {
		select {
		case <-time.After(pause):
		case <-done:
			if context.Cause(ctx) != bridge.ErrGoingAway {
				return false
			}
			done = nil
			end.Reset(min(limit, lastWait))
		case <-end.C:
			return false
		}
	}
	return true
}
