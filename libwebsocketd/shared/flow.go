package shared

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"websocketd/libwebsocketd/process"
	"websocketd/libwebsocketd/record"
)

const (
	// grace is how old something may be that a viewer has not had, when room is
	// needed for more and others wait.
	grace = time.Second
	// maxGrace is that for a viewer that has taken something within patience, and how
	// long one may take nothing when nobody but it has to wait.
	maxGrace = 5 * time.Second
	// look is how often it is decided anew who is waited for.
	look = 100 * time.Millisecond
)

// crowd is what pace asks. Tests with a time of their own have none.
var crowd = process.Crowd

// errFull is why Append did not wait, or not longer.
var errFull = errors.New("the record is full of what somebody has not taken")

// noWait makes Append say so instead of waiting.
var noWait = func() context.Context {
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(errFull)
	return ctx
}()

// flow lets the output into the record as fast as viewers take it; see doc.go.
//
// Its clock is the other side's. A viewer is slow by the time in which there was
// something on its way to it that it could have taken: not while we have not come to
// write to it, nor for longer between two looks than we meant to wait. On a machine
// whose processors many want, clients come late as well: time counts for as much less.
type flow struct {
	output *record.Log[item]
	block  bool
	crowd  func() float64 // see process.Crowd

	mu      sync.Mutex
	cursors map[*cursor]struct{}
	last    uint64 // message that was said
	said    []mark // not much longer ago than indulgence, the oldest first
	looked  time.Time

	holding bool
	floor   uint64 // what output holds, while holding
	atFloor int    // runners that are waited for there, when it was last looked

	// As it was when room was last needed:
	graceMark   uint64    // the last message that was said longer ago than patience
	maxMark     uint64    // and than indulgence
	lastStarved time.Time // somebody who had had everything, and waited with the process
}

// mark is the last message at a time, to within look.
type mark struct {
	at   time.Time
	last uint64
}

// cursor is how far a viewer has got.
type cursor struct {
	had   uint64      // the last message it was given
	waits atomic.Bool // for more: what it was given is taken, as far as we know

	taken func() (count int64, rest bool) // of what it was given; may be nil
	count int64                           // as it was at the last look; 0 before the first

	// As far as it was looked at:
	still time.Duration // it takes nothing of what it was given
	owed  time.Duration // it has not taken all of it at any time
}

func newFlow(output *record.Log[item], block bool) *flow {
	return &flow{output: output, block: block, crowd: crowd, cursors: map[*cursor]struct{}{}}
}

// join adds a viewer that has had all messages up to after.
func (p *flow) join(after uint64) *cursor {
	r := &cursor{had: after}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cursors[r] = struct{}{}
	p.settle(time.Now())
	return r
}

// watch looks there, too, to find out whether a viewer takes something.
func (p *flow) watch(r *cursor, taken func() (count int64, rest bool)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	r.taken = taken
}

func (p *flow) leave(r *cursor) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, runs := p.cursors[r]; !runs {
		return
	}
	delete(p.cursors, r)
	p.settle(time.Now())
}

// stopBlocking ends SlowBlock: the process is to end, and a viewer that stands still must not
// keep its last words from the others. The server's own time to end is that of the
// wall, and so is that of viewers from now on.
func (p *flow) stopBlocking() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.block = false
	p.crowd = func() float64 { return 1 }
	p.settle(time.Now())
}

// move says that r is given all messages up to after. Only the last of the slowest
// pays for finding out who is the slowest then.
func (p *flow) move(r *cursor, after uint64) {
	now := time.Now()
	p.mu.Lock()
	defer p.mu.Unlock()
	before := r.had
	r.had, r.still = after, 0
	r.waits.Store(false)
	if p.holding && before > p.floor {
		return
	}
	if p.atFloor--; p.atFloor <= 0 {
		p.settle(now)
	}
}

// settle makes the record hold what the slowest of those who are waited for has not
// had; p.mu is held.
func (p *flow) settle(now time.Time) {
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
func (p *flow) slowest(now time.Time) (had uint64, some bool) {
	p.atFloor = 0
	for r := range p.cursors {
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
func (p *flow) waitsFor(r *cursor, now time.Time) bool {
	switch {
	case p.block, r.had >= p.graceMark:
		return true
	case now.Sub(p.lastStarved) < grace: // others wait
		return r.still <= grace && (r.had >= p.maxMark || r.owed < maxGrace)
	}
	return r.still <= maxGrace
}

// append waits until the output may go on, and lets it. One goroutine at a time may
// call it.
func (p *flow) append(it item, messages, bytes int) error {
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
func (p *flow) note(messages uint64) {
	now := time.Now()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.last += messages
	p.look(now)
	if n := len(p.said); n > 0 && now.Sub(p.said[n-1].at) < look {
		p.said[n-1].last = p.last
	} else {
		p.said = append(p.said, mark{now, p.last})
	}
	p.forget(now)
}

// forget keeps the newest of what was said longer ago than indulgence, and all behind.
func (p *flow) forget(now time.Time) {
	n := 0
	for n+1 < len(p.said) && now.Sub(p.said[n+1].at) >= maxGrace {
		n++
	}
	if n > 0 {
		p.said = append(p.said[:0], p.said[n:]...)
	}
}

// decide finds out who is waited for, now that there is no more room.
func (p *flow) decide() {
	now := time.Now()
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, m := range p.said {
		if now.Sub(m.at) >= grace {
			p.graceMark = m.last
		}
		if now.Sub(m.at) >= maxGrace {
			p.maxMark = m.last
		}
	}
	for r := range p.cursors {
		if r.had == p.last && r.waits.Load() {
			p.lastStarved = now
		}
	}
	p.look(now)
	p.settle(now)
}

// look finds out who takes what it was given; p.mu is held. That it comes late does
// not count.
func (p *flow) look(now time.Time) {
	if now.Sub(p.looked) < look {
		return
	}
	p.looked = now
	passed := time.Duration(float64(look) / p.crowd())
	for r := range p.cursors {
		r.look(passed)
	}
}

func (r *cursor) look(passed time.Duration) {
	count, rest := r.count, !r.waits.Load()
	if rest && r.taken != nil {
		count, rest = r.taken()
	}
	switch {
	case !rest:
		r.still, r.owed = 0, 0
	case count > r.count && r.count > 0:
		r.still, r.owed = 0, r.owed+passed
	default:
		r.still, r.owed = r.still+passed, r.owed+passed
	}
	r.count = count
}
