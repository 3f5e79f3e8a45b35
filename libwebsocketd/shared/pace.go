package shared

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"websocketd/libwebsocketd/record"
)

const (
	// patience is how long the process, and another viewer with it, waits for one
	// viewer, for as much output as is kept.
	patience = time.Second
	// stillness is how long a viewer may take nothing and be waited for.
	stillness = 5 * time.Second
	// look is how often it is decided anew who is waited for.
	look = 100 * time.Millisecond
)

// errFull is why Append did not wait, or not longer.
var errFull = errors.New("the record is full of what somebody has not taken")

// noWait makes Append say so instead of waiting.
var noWait = func() context.Context {
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(errFull)
	return ctx
}()

// pace lets the output into the record as fast as viewers take it; see doc.go.
type pace struct {
	output *record.Log[item]
	block  bool
	window int64 // bytes that are kept

	floor atomic.Uint64 // what output holds, while there are runners to wait for

	mu      sync.Mutex
	runners map[*runner]struct{}
	holding bool
}

// runner is how far a viewer has got.
type runner struct {
	had   atomic.Uint64 // the last message it has taken
	taken atomic.Int64  // bytes
	moved atomic.Int64  // when, in nanoseconds since 1970

	mark   int64         // what it had taken when waited was nothing
	waited time.Duration // the process for it
}

func newPace(output *record.Log[item], block bool, window int) *pace {
	return &pace{output: output, block: block, window: int64(window), runners: map[*runner]struct{}{}}
}

// join adds a viewer that has had all messages up to after.
func (p *pace) join(after uint64) *runner {
	r := &runner{}
	r.had.Store(after)
	r.moved.Store(time.Now().UnixNano())
	p.mu.Lock()
	defer p.mu.Unlock()
	p.runners[r] = struct{}{}
	p.settle()
	return r
}

func (p *pace) leave(r *runner) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.runners, r)
	p.settle()
}

// hurry ends SlowBlock: the process is to end, and who stands still must not keep its
// last words from the others.
func (p *pace) hurry() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.block = false
	p.settle()
}

// move says that r has had all messages up to after, some bytes more than before.
// Only the slowest pays for finding out who is the slowest then.
func (p *pace) move(r *runner, after uint64, bytes int) {
	r.taken.Add(int64(bytes))
	r.moved.Store(time.Now().UnixNano())
	if before := r.had.Swap(after); before > p.floor.Load() {
		return // another one is slower, or will look again in settle
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.settle()
}

// settle makes the record hold what the slowest of those who are waited for has not
// had; p.mu is held. It looks again until nobody has moved meanwhile: who moves
// after that sees the new floor.
func (p *pace) settle() {
	for {
		slowest, some := p.slowest()
		if !some {
			if p.holding {
				p.holding = false
				p.floor.Store(0)
				p.output.Release()
			}
			return
		}
		if p.holding && slowest == p.floor.Load() {
			return
		}
		p.holding = true
		p.floor.Store(slowest)
		p.output.Hold(slowest)
	}
}

// slowest is how far the slowest has got that is waited for; some is false if there
// is none.
func (p *pace) slowest() (had uint64, some bool) {
	for r := range p.runners {
		if n := r.had.Load(); (p.block || r.waited < patience) && (!some || n < had) {
			had, some = n, true
		}
	}
	return had, some
}

// append waits until the output may go on, and lets it.
func (p *pace) append(it item, messages, bytes int) error {
	err := p.output.Append(noWait, it, messages, bytes)
	for err == errFull {
		since := time.Now()
		ctx, cancel := context.WithTimeoutCause(context.Background(), look, errFull)
		err = p.output.Append(ctx, it, messages, bytes)
		cancel()
		p.charge(since)
	}
	return err
}

// charge notes who the output has waited for since then, and at whose expense: a
// viewer that has had everything has to wait with it. Besides the slowest it is
// those who have taken nothing for as long, though there was something for them: they
// would be waited for next, one after the other. As much output as is kept buys a
// viewer new patience.
func (p *pace) charge(since time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	waited := time.Since(since)
	floor, harms := p.floor.Load(), p.othersWait()
	_, last := p.output.Kept()
	for r := range p.runners {
		if taken := r.taken.Load(); taken-r.mark >= p.window {
			r.mark, r.waited = taken, 0
		}
		had, moved := r.had.Load(), time.Unix(0, r.moved.Load())
		switch {
		case had == last, had > floor && time.Since(moved) < patience:
		case time.Since(moved) >= stillness:
			r.waited = patience
		case harms:
			r.waited += waited
		}
	}
	p.settle()
}

// othersWait reports whether a viewer has had everything.
func (p *pace) othersWait() bool {
	_, last := p.output.Kept()
	for r := range p.runners {
		if r.had.Load() == last {
			return true
		}
	}
	return false
}
