package ws

import (
	"time"

	"websocketd/libwebsocketd/internal/socket"
)

const (
	// heldWait is the first pause between two looks at a client whose input is held back,
	// and mostHeldWait the longest.
	heldWait     = 5 * time.Millisecond
	mostHeldWait = 100 * time.Millisecond
)

// held looks after a ping whose pong stands behind input that the program does not take.
// It may not take it because it waits itself, with output that this pong would confirm:
// each would wait for the other for ever. As long as the input is held back, what the
// client's system has acknowledged counts as confirmed, where that is known, else what ours
// has accepted. receipts.mu guards it.
type held struct {
	alive *keepalive
	timer *time.Timer
	runs  bool          // timer does
	pause time.Duration // it runs for
	since int64         // alive.holds when the input was held back at the last look; -1 if it was not
}

// watchHeld begins to look after a ping that was sent just now. r.mu is held.
func (r *receipts) watchHeld() {
	if h := &r.held; !h.runs && !r.ended {
		h.runs, h.pause, h.since = true, heldWait, -1
		h.timer.Reset(h.pause)
	}
}

// lookHeld confirms what was written if the input has been held back since the last look,
// and the client has that. It looks until there is no ping to look after.
func (r *receipts) lookHeld() {
	r.mu.Lock()
	h, number := &r.held, uint64(0)
	if h.runs = !r.ended && r.has < r.asked; !h.runs {
		r.mu.Unlock()
		return
	}
	hold := int64(-1)
	if !h.alive.reading.Load() {
		hold = h.alive.holds.Load()
	}
	if hold >= 0 && hold == h.since && r.isTaken() {
		number, r.has = r.last, max(r.has, r.last)
		h.pause = heldWait
	} else {
		h.pause = min(2*h.pause, mostHeldWait)
	}
	h.since = hold
	h.timer.Reset(h.pause)
	next := r.next(r.every)
	r.atWork.Add(1)
	defer r.atWork.Done()
	r.mu.Unlock()
	if number > 0 {
		r.program.Confirm(number)
	}
	r.send(next)
}

// isTaken reports whether the client's system has everything that was written, as far as
// that can be known.
func (r *receipts) isTaken() bool {
	return !socket.Known(r.conn.Conn) || !socket.Owed(r.conn.Conn)
}
