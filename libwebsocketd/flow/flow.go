package flow

import (
	"context"
	"errors"
	"sync"
	"time"

	"websocketd/libwebsocketd/record"
)

const (
	// Grace is how old something may be that a viewer has not had, when room is
	// needed for more and others wait.
	Grace = time.Second
	// MaxGrace is that for a viewer that has taken something within Grace, and how
	// long one may take nothing when nobody but it has to wait.
	MaxGrace = 5 * time.Second
	// LookInterval is how often it is decided again which viewers are waited for.
	LookInterval = 100 * time.Millisecond
)

// errFull is why Append of the record did not wait, or not longer.
var errFull = errors.New("the record is full of what a viewer has not taken")

// noWait makes the record say so instead of waiting.
var noWait = func() context.Context {
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(errFull)
	return ctx
}()

// Options are what a Control goes by.
type Options struct {
	Block bool           // every viewer is waited for, without a limit
	Crowd func() float64 // how much slower than alone everybody is on this machine, at least 1; nil: no slower
}

// Control lets what is said into a record as fast as viewers take it; see the law in
// doc.go. Append belongs to one goroutine at a time, everything else may be called from
// anywhere.
type Control[T any] struct {
	viewers
	output *record.Log[T]
}

// New returns the Control of output, to which nothing else appends, and which nothing
// else holds.
func New[T any](output *record.Log[T], o Options) *Control[T] {
	if o.Crowd == nil {
		o.Crowd = alone
	}
	return &Control[T]{viewers{output: output, block: o.Block, crowd: o.Crowd, cursors: map[*Cursor]struct{}{}}, output}
}

// alone is the crowd of a machine that nobody else wants.
func alone() float64 { return 1 }

// Append waits until there is room for what is said, and adds it to the record. Its
// error is the record's.
func (c *Control[T]) Append(item T, messages, bytes int) error {
	err := c.output.Append(noWait, item, messages, bytes)
	for err == errFull {
		c.decide()
		ctx, cancel := context.WithTimeoutCause(context.Background(), LookInterval, errFull)
		err = c.output.Append(ctx, item, messages, bytes)
		cancel()
	}
	if err == nil {
		c.note(uint64(messages))
	}
	return err
}

// viewers are those of a record, and what is known of their speed.
type viewers struct {
	output interface {
		Hold(uint64)
		Release()
	}
	looked time.Time // when they were looked at; for the goroutine that appends

	mu      sync.Mutex
	block   bool
	crowd   func() float64 // asked without mu
	cursors map[*Cursor]struct{}
	last    uint64 // message that was said
	said    []mark // not much longer ago than MaxGrace, the oldest first

	holding bool
	floor   uint64 // what output holds, while holding
	atFloor int    // cursors that are waited for there, when it was last looked

	// As it was when room was last needed:
	graceMark   uint64    // the last message that was said longer ago than Grace
	maxMark     uint64    // and than MaxGrace
	lastStarved time.Time // when a viewer that had had everything had to wait
}

// mark is the last message at a time, to within LookInterval.
type mark struct {
	at   time.Time
	last uint64
}

// Join adds a viewer that has had all messages up to after. The caller calls Leave.
func (v *viewers) Join(after uint64) *Cursor {
	c := &Cursor{of: v, had: after}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.cursors[c] = struct{}{}
	v.settle(time.Now())
	return c
}

// StopBlocking ends Options.Block: the writer is to end, and a viewer that stands still
// must not keep its last words from the others. The server's own time to end is that of
// the wall, and so is that of viewers from now on.
func (v *viewers) StopBlocking() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.block, v.crowd = false, alone
	v.settle(time.Now())
}

// settle makes the record hold what the slowest viewer has not had that is waited for;
// v.mu is held.
func (v *viewers) settle(now time.Time) {
	slowest, ok := v.slowest(now)
	switch {
	case !ok && v.holding:
		v.holding, v.floor = false, 0
		v.output.Release()
	case ok && (!v.holding || slowest != v.floor):
		v.holding, v.floor = true, slowest
		v.output.Hold(slowest)
	}
}

// slowest returns the lowest position among viewers that are waited for, and sets
// atFloor to how many are there; ok is false if there are none. v.mu is held.
func (v *viewers) slowest(now time.Time) (had uint64, ok bool) {
	v.atFloor = 0
	for c := range v.cursors {
		switch {
		case ok && c.had > had, !v.waitsFor(c, now):
		case ok && c.had == had:
			v.atFloor++
		default:
			had, ok, v.atFloor = c.had, true, 1
		}
	}
	return had, ok
}

// waitsFor reports whether what a viewer has not had stays kept; v.mu is held.
func (v *viewers) waitsFor(c *Cursor, now time.Time) bool {
	switch {
	case v.block, c.had >= v.graceMark:
		return true
	case now.Sub(v.lastStarved) < Grace:
		return c.still <= Grace && (c.had >= v.maxMark || c.owed < MaxGrace)
	}
	return c.still <= MaxGrace
}

// note keeps in mind how much was said until now.
func (v *viewers) note(messages uint64) {
	now := time.Now()
	v.look(now)
	v.mu.Lock()
	defer v.mu.Unlock()
	v.last += messages
	if n := len(v.said); n > 0 && now.Sub(v.said[n-1].at) < LookInterval {
		v.said[n-1].last = v.last
	} else {
		v.said = append(v.said, mark{now, v.last})
	}
	v.forget(now)
}

// forget keeps the newest mark that is older than MaxGrace, and all after it; v.mu is
// held.
func (v *viewers) forget(now time.Time) {
	n := 0
	for n+1 < len(v.said) && now.Sub(v.said[n+1].at) >= MaxGrace {
		n++
	}
	if n > 0 {
		v.said = append(v.said[:0], v.said[n:]...)
	}
}

// decide finds out which viewers are waited for, now that there is no more room.
func (v *viewers) decide() {
	now := time.Now()
	v.look(now)
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, m := range v.said {
		if now.Sub(m.at) >= Grace {
			v.graceMark = m.last
		}
		if now.Sub(m.at) >= MaxGrace {
			v.maxMark = m.last
		}
	}
	for c := range v.cursors {
		if c.had == v.last && c.waits.Load() {
			v.lastStarved = now
		}
	}
	v.settle(now)
}
