package record

import (
	"context"
	"fmt"
)

// Entry is an item as a Reader gets it: messages First..First+Messages-1.
type Entry[T any] struct {
	Item     T
	First    uint64 // the number of its first message, or of the one that follows a remark
	Messages int    // 0 in a remark
	Skip     int    // so many of them the reader has had before; 0 in all but its first entry
}

// GoneError says that a Reader is too late: messages Wanted..First-1 are no longer
// kept. NextKept goes on at First.
type GoneError struct{ Wanted, First uint64 }

func (e *GoneError) Error() string {
	return fmt.Sprintf("message %d is no longer kept, the oldest is %d", e.Wanted, e.First)
}

// Reader is a position in a Log. One goroutine at a time may use it. There is
// nothing to close: the Log does not know it.
type Reader[T any] struct {
	log   *Log[T]
	after uint64 // the last message it has had
	next  uint64 // the item to be read, if that is not behind after
}

// From makes a Reader of what follows message number after: 0 is everything, the
// last number only what is still to come. A message that was not yet said is
// waited for.
func (l *Log[T]) From(after uint64) *Reader[T] { return &Reader[T]{log: l, after: after} }

// After is the number of the last message the Reader has had.
func (r *Reader[T]) After() uint64 { return r.after }

// Next waits for something to read, and returns as many entries as there are and
// as fit into the capacity of into, at least one. What was in into is cleared first:
// who waits holds nothing. With a ctx that is done it does not wait.
//
// Errors: a *GoneError when the next message is no longer kept, what Close was
// told when everything was read, and the cause of ctx when there is nothing to
// read. The Reader stays where it is then.
func (r *Reader[T]) Next(ctx context.Context, into []Entry[T]) ([]Entry[T], error) {
	return r.read(ctx, into, false)
}

// NextKept is Next, but instead of a GoneError it goes on with the oldest message
// that is kept, however fast they are dropped. What was missed is between After,
// before the call, and the First of the first entry.
func (r *Reader[T]) NextKept(ctx context.Context, into []Entry[T]) ([]Entry[T], error) {
	return r.read(ctx, into, true)
}

func (r *Reader[T]) read(ctx context.Context, into []Entry[T], skipGone bool) ([]Entry[T], error) {
	clear(into[:cap(into)])
	l := r.log
	l.mu.Lock()
	defer l.mu.Unlock()
	var waited error
	for {
		if gone := l.gone.messages; r.after < gone {
			if !skipGone {
				return nil, &GoneError{Wanted: r.after + 1, First: gone + 1}
			}
			r.after = gone
		}
		switch r.seek(); {
		case r.next < l.next:
			return r.take(into[:0]), nil
		case l.ended != nil:
			return nil, l.ended
		case waited != nil:
			return nil, waited
		}
		waited = l.more.wait(ctx, &l.mu)
	}
}

// seek moves to the item to be read: where the Reader is, unless that was dropped
// or is behind what it asked for.
func (r *Reader[T]) seek() {
	l := r.log
	r.next = max(r.next, l.first)
	if r.next == l.next || !r.had(r.next) {
		return
	}
	r.next = l.firstAbove(r.after - 1)
	if r.next < l.next && r.had(r.next) {
		r.next++
	}
}

// had reports whether an item is behind the Reader. A remark that follows the
// last message it has had is not.
func (r *Reader[T]) had(i uint64) bool {
	from, to := r.log.before(i).messages, r.log.at(i).to.messages
	return to < r.after || from < to && to == r.after
}

// take hands out what there is to read.
func (r *Reader[T]) take(entries []Entry[T]) []Entry[T] {
	l := r.log
	for end := r.next + uint64(max(1, cap(entries))); r.next < min(end, l.next); r.next++ {
		slot, before := l.at(r.next), l.before(r.next).messages
		entries = append(entries, Entry[T]{
			Item:     slot.item,
			First:    before + 1,
			Messages: int(slot.to.messages - before),
			Skip:     int(r.after - before),
		})
		r.after = slot.to.messages
	}
	return entries
}
