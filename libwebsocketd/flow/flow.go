package flow

import (
	"context"
	"errors"
	"sync"
	"time"

	"websocketd/libwebsocketd/record"
)

const (
	// Grace is the greatest age of a missing message for which a viewer is waited for
	// in any case, also while others are starved.
	Grace = time.Second
	// MaxGrace is that age for a viewer that has taken something within Grace. It is
	// also how long a viewer may take nothing while no other is starved.
	MaxGrace = 5 * time.Second
	// LookInterval is the time after which it is decided again which viewers are
	// waited for.
	LookInterval = 100 * time.Millisecond
)

// errFull is the error of the record's Append when it does not wait, or no longer.
var errFull = errors.New("the record is full of what a viewer has not taken")

// ErrInterrupted is the error of Append after Interrupt, where it would wait: the item is not in the
// record.
var ErrInterrupted = errors.New("the output is handed over")

// noWait is done already: with it the record returns errFull instead of waiting.
var noWait = func() context.Context {
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(errFull)
	return ctx
}()

// Options are the settings of a Control.
type Options struct {
	Block bool           // wait for every viewer, without a limit
	Hold  bool           // wait for what no viewer has confirmed (Confirm), whether there are viewers or not
	Crowd func() float64 // returns how much slower everything is because this machine is busy, at least 1; nil: no slower

	Last, Confirmed uint64 // of a record that another process has begun
}

// Control appends output to a record as fast as viewers take it; see the law in doc.go.
// One goroutine at a time may call Append. The other methods may be called concurrently.
type Control[T any] struct {
	viewers
	output *record.Log[T]
}

// New returns the Control of output. Nothing else may append to output, or call its Hold
// or Release.
func New[T any](output *record.Log[T], o Options) *Control[T] {
	if o.Crowd == nil {
		o.Crowd = alone
	}
	c := &Control[T]{viewers{output: output, block: o.Block, holds: o.Hold, crowd: o.Crowd, cursors: map[*Cursor]struct{}{}, last: o.Last, confirmed: o.Confirmed}, output}
	c.settle(time.Now())
	return c
}

// alone returns the crowd of a machine that is not busy.
func alone() float64 { return 1 }

// Append waits until there is room for item, and adds it to the record. It returns the
// error of the record's Append.
func (c *Control[T]) Append(item T, messages, bytes int) error {
	err := c.output.Append(noWait, item, messages, bytes)
	for err == errFull {
		if c.isInterrupted() {
			return ErrInterrupted
		}
		c.decide()
		ctx, cancel := c.untilNextLook()
		err = c.output.Append(ctx, item, messages, bytes)
		cancel()
	}
	if err == nil {
		c.note(uint64(messages))
	}
	return err
}

// untilNextLook returns a context that is done, with errFull as its cause, when it is to
// be decided again which viewers are waited for. Without viewers that is when one comes.
func (v *viewers) untilNextLook() (context.Context, context.CancelFunc) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.interrupted {
		return noWait, func() {}
	}
	if len(v.cursors) > 0 {
		return context.WithTimeoutCause(context.Background(), LookInterval, errFull)
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	v.joined = func() { cancel(errFull) }
	return ctx, v.joined
}

// Interrupt ends an Append that waits, with ErrInterrupted, and those that would wait, until it is
// called with false.
func (v *viewers) Interrupt(is bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.interrupted = is; is && v.joined != nil {
		v.joined()
	}
}

func (v *viewers) isInterrupted() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.interrupted
}

// viewers holds the viewers of a record, and what is known of their speed.
type viewers struct {
	output interface {
		Hold(uint64)
		Release()
	}
	looked time.Time // time of the last look; only for the goroutine that appends

	mu      sync.Mutex
	block   bool
	crowd   func() float64 // called without mu
	cursors map[*Cursor]struct{}
	joined  func() // ends a wait for the first viewer; nil before the first wait

	interrupted bool // see Interrupt

	last  uint64 // the number of the last message
	marks []mark // of the messages since about MaxGrace ago, the oldest first

	holds     bool   // Options.Hold
	confirmed uint64 // the last message that some viewer has confirmed

	holding bool   // whether output holds messages
	floor   uint64 // while holding, the number that output.Hold was called with
	atFloor int    // how many were at floor when slowest counted them: cursors that are waited for, and what is confirmed

	// As of the last time the record was full:
	graceMark   uint64    // the last message older than Grace
	maxMark     uint64    // the last message older than MaxGrace
	lastStarved time.Time // when a viewer was last starved
}

// mark is the number of the last message at a time, exact to within LookInterval.
type mark struct {
	at   time.Time
	last uint64
}

// Join adds a viewer that has had all messages up to after. The caller must call Leave.
func (v *viewers) Join(after uint64) *Cursor {
	c := &Cursor{of: v, had: after}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.cursors[c] = struct{}{}
	v.settle(time.Now())
	if v.joined != nil {
		v.joined()
	}
	return c
}

// Confirm records that some viewer has all messages up to number. With Options.Hold the
// later ones are held.
func (v *viewers) Confirm(number uint64) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if number > v.confirmed {
		v.confirmed = number
		v.settle(time.Now())
	}
}

// Confirmed returns the last message that some viewer has confirmed.
func (v *viewers) Confirmed() uint64 {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.confirmed
}

// StopBlocking ends Options.Block and Options.Hold. The writer is to end, and a viewer that
// stands still must not keep the last output from the others. Options.Crowd ends too: the server has
// a fixed time to shut down, so from now on viewers' time counts in full.
func (v *viewers) StopBlocking() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.block, v.holds, v.crowd = false, false, alone
	v.settle(time.Now())
}

// settle makes the record hold the messages that some viewer waited for has not had, or
// none has confirmed; v.mu is held.
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

// slowest returns the lowest position among the viewers waited for and what is confirmed,
// and sets atFloor to how many are there; ok is false if there are none. v.mu is held.
func (v *viewers) slowest(now time.Time) (had uint64, ok bool) {
	had, ok, v.atFloor = v.confirmed, v.holds, 0
	if ok {
		v.atFloor = 1
	}
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

// waitsFor reports whether the messages c has not had stay kept; v.mu is held.
func (v *viewers) waitsFor(c *Cursor, now time.Time) bool {
	switch {
	case v.block, c.had >= v.graceMark:
		return true
	case now.Sub(v.lastStarved) < Grace:
		return c.still <= Grace && (c.had >= v.maxMark || c.owed < MaxGrace)
	}
	return c.still <= MaxGrace
}

// note counts messages that were just added, and marks the time.
func (v *viewers) note(messages uint64) {
	now := time.Now()
	v.look(now)
	v.mu.Lock()
	defer v.mu.Unlock()
	v.last += messages
	if n := len(v.marks); n > 0 && now.Sub(v.marks[n-1].at) < LookInterval {
		v.marks[n-1].last = v.last
	} else {
		v.marks = append(v.marks, mark{now, v.last})
	}
	v.forget(now)
}

// forget drops the marks before the newest one that is older than MaxGrace; v.mu is
// held.
func (v *viewers) forget(now time.Time) {
	n := 0
	for n+1 < len(v.marks) && now.Sub(v.marks[n+1].at) >= MaxGrace {
		n++
	}
	if n > 0 {
		v.marks = append(v.marks[:0], v.marks[n:]...)
	}
}

// decide determines which viewers are waited for, now that the record is full.
func (v *viewers) decide() {
	now := time.Now()
	v.look(now)
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, m := range v.marks {
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
