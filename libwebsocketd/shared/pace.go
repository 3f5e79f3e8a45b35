package shared

import (
	"context"
	"errors"
	"sync"
	"time"

	"websocketd/libwebsocketd/record"
)

const (
	// patience is how old something may be that a viewer has not had, when room is
	// needed for more and others wait.
	patience = time.Second
	// indulgence is that for a viewer that has taken something within patience, and how
	// long one may take nothing when nobody but it has to wait.
	indulgence = 5 * time.Second
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

	mu      sync.Mutex
	runners map[*runner]struct{}
	last    uint64 // message that was said
	said    []mark // not much longer ago than indulgence, the oldest first

	holding bool
	floor   uint64 // what output holds, while holding
	atFloor int    // runners that are waited for there, when it was last looked

	// As it was when room was last needed:
	old     uint64    // the last message that was said longer ago than patience
	ancient uint64    // and than indulgence
	harmed  time.Time // somebody who had had everything, and waited with the process
}

// mark is the last message at a time, to within look.
type mark struct {
	at   time.Time
	last uint64
}

// runner is how far a viewer has got.
type runner struct {
	had    uint64 // the last message it has taken
	moved  time.Time
	joined time.Time

	taken func() int64 // grows while it takes what it has; may be nil
	count int64        // as it was at the last look; 0 before the first
}

func newPace(output *record.Log[item], block bool) *pace {
	return &pace{output: output, block: block, runners: map[*runner]struct{}{}}
}

// join adds a viewer that has had all messages up to after.
func (p *pace) join(after uint64) *runner {
	now := time.Now()
	r := &runner{had: after, moved: now, joined: now}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.runners[r] = struct{}{}
	p.settle(now)
	return r
}

// watch looks at a count, too, to find out whether a viewer takes something.
func (p *pace) watch(r *runner, taken func() int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	r.taken = taken
}

func (p *pace) leave(r *runner) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.runners, r)
	p.settle(time.Now())
}

// hurry ends SlowBlock: the process is to end, and who stands still must not keep its
// last words from the others.
func (p *pace) hurry() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.block = false
	p.settle(time.Now())
}

// move says that r has had all messages up to after. Only the last of the slowest
// pays for finding out who is the slowest then.
func (p *pace) move(r *runner, after uint64) {
	now := time.Now()
	p.mu.Lock()
	defer p.mu.Unlock()
	before := r.had
	r.had, r.moved = after, now
	if p.holding && before > p.floor {
		return
	}
	if p.atFloor--; p.atFloor <= 0 {
		p.settle(now)
	}
}

// settle makes the record hold what the slowest of those who are waited for has not
// had; p.mu is held.
func (p *pace) settle(now time.Time) {
	slowest, some := p.slowest(now)
	switch {
	case !some && p.holding:
		p.holding, p.floor = false, 0
		p.output.Release()
	case some && (!p.holding || slowest != p.floor):
		p.holding, p.floor = true, slowest
		p.output.Hold(slowest)
	}
}

// slowest is how far the slowest has got that is waited for, and counts who has got
// just as far; some is false if there is none.
func (p *pace) slowest(now time.Time) (had uint64, some bool) {
	p.atFloor = 0
	for r := range p.runners {
		switch {
		case some && r.had > had, !p.waitsFor(r, now):
		case some && r.had == had:
			p.atFloor++
		default:
			had, some, p.atFloor = r.had, true, 1
		}
	}
	return had, some
}

// waitsFor reports whether what a viewer has not had stays kept.
func (p *pace) waitsFor(r *runner, now time.Time) bool {
	still := now.Sub(r.moved)
	switch {
	case p.block, r.had >= p.old, now.Sub(r.joined) < patience:
		return true
	case now.Sub(p.harmed) < patience: // others wait
		return still < patience && r.had >= p.ancient
	}
	return still < indulgence
}

// append waits until the output may go on, and lets it. One goroutine at a time may
// call it.
func (p *pace) append(it item, messages, bytes int) error {
	err := p.output.Append(noWait, it, messages, bytes)
	for err == errFull {
		p.decide()
		ctx, cancel := context.WithTimeoutCause(context.Background(), look, errFull)
		err = p.output.Append(ctx, it, messages, bytes)
		cancel()
	}
	if err == nil {
		p.note(uint64(messages))
	}
	return err
}

// note keeps in mind how much was said until now.
func (p *pace) note(messages uint64) {
	now := time.Now()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.last += messages
	if n := len(p.said); n > 0 && now.Sub(p.said[n-1].at) < look {
		p.said[n-1].last = p.last
	} else {
		p.said = append(p.said, mark{now, p.last})
	}
	p.forget(now)
}

// forget keeps the newest of what was said longer ago than indulgence, and all behind.
func (p *pace) forget(now time.Time) {
	n := 0
	for n+1 < len(p.said) && now.Sub(p.said[n+1].at) >= indulgence {
		n++
	}
	if n > 0 {
		p.said = append(p.said[:0], p.said[n:]...)
	}
}

// decide finds out who is waited for, now that there is no more room.
func (p *pace) decide() {
	now := time.Now()
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, m := range p.said {
		if now.Sub(m.at) >= patience {
			p.old = m.last
		}
		if now.Sub(m.at) >= indulgence {
			p.ancient = m.last
		}
	}
	for r := range p.runners {
		if r.had == p.last {
			p.harmed = now
		}
		r.look(now)
	}
	p.settle(now)
}

// look notices that a viewer takes something, though it has not come for more.
func (r *runner) look(now time.Time) {
	if r.taken == nil || now.Sub(r.moved) < look {
		return
	}
	count := r.taken()
	if r.count > 0 && count > r.count {
		r.moved = now
	}
	r.count = count
}
