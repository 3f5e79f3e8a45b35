package record

import (
	"context"
	"fmt"
)

// Entry is an item as a Reader returns it: messages First..First+Messages-1.
type Entry[T any] struct {
	Item     T
	First    uint64 // the number of its first message, or of the one that follows a remark
	Messages int    // 0 in a remark
	Skip     int    // how many of them the Reader has had before; 0 in all but its first entry
}

// GoneError is returned to a Reader that is too late: messages Wanted..First-1 are no
// longer kept. NextKept goes on at First.
type GoneError struct{ Wanted, First uint64 }

func (e *GoneError) Error() string {
	return fmt.Sprintf("message %d is no longer kept, the oldest is %d", e.Wanted, e.First)
}

// Reader is a position in a Log. One goroutine at a time may use it. There is
// nothing to close: the Log does not know it.
type Reader[T any] struct {
	log   *Log[T]
	after uint64 // the last message it has had
	next  uint64 // the item to read next, unless after is beyond it
	most  extent // that it takes at once; 0 is no limit
	more  bool   // there was more than it took
}

// From returns a Reader of what follows message number after: 0 is everything, the
// last number only what is still to come. A message that does not exist yet is waited
// for.
func (l *Log[T]) From(after uint64) *Reader[T] { return &Reader[T]{log: l, after: after} }

// After returns the number of the last message the Reader has had.
func (r *Reader[T]) After() uint64 { return r.after }

// TakeAtMost bounds what Next returns at once, by the counts passed to Append, of which 0
// means no limit. The first entry is returned however large it is.
func (r *Reader[T]) TakeAtMost(messages, bytes int) {
	r.most = extent{uint64(messages), uint64(bytes)}
}

// HasMore reports whether there was more to read than the last Next has returned.
func (r *Reader[T]) HasMore() bool { return r.more }

// Next waits for something to read. It returns as many entries as there are and as
// fit into the capacity of into, at least one. It clears into first, so that a Reader
// that waits holds nothing. With a ctx that is done it does not wait.
//
// Errors: a *GoneError when the next message is no longer kept, the error passed to
// Close when everything was read, and the cause of ctx when there is nothing to read.
// With an error the Reader does not move.
func (r *Reader[T]) Next(ctx context.Context, into []Entry[T]) ([]Entry[T], error) {
	return r.read(ctx, into, false)
}

// NextKept does as Next, but instead of returning a GoneError it goes on with the
// oldest message that is kept, however fast messages are dropped. The messages missed
// are those between After, before the call, and the First of the first entry.
func (r *Reader[T]) NextKept(ctx context.Context, into []Entry[T]) ([]Entry[T], error) {
	return r.read(ctx, into, true)
}

func (r *Reader[T]) read(ctx context.Context, into []Entry[T], skipGone bool) ([]Entry[T], error) {
	clear(into[:cap(into)])
	l := r.log
	r.more = false
	l.mu.Lock()
	defer l.mu.Unlock()
	var waited error
	for {
		end := l.readable()
		if gone := min(l.gone.messages, end.messages); r.after < gone {
			if !skipGone {
				return nil, &GoneError{Wanted: r.after + 1, First: gone + 1}
			}
			r.after = gone
		}
		switch r.seek(); {
		case r.next < end.next:
			return r.take(into[:0], end.next), nil
		case l.ended != nil && end.next == l.next:
			return nil, l.ended
		case waited != nil:
			return nil, waited
		}
		waited = l.more.wait(ctx, &l.mu)
	}
}

// seek moves to the item to read next: the present one, unless it was dropped or
// comes before what the Reader asked for.
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

// had reports whether the Reader has read an item. A remark that follows the last
// message it has had is not read.
func (r *Reader[T]) had(i uint64) bool {
	from, to := r.log.before(i).messages, r.log.at(i).to.messages
	return to < r.after || from < to && to == r.after
}

// take returns what there is to read before an item.
func (r *Reader[T]) take(entries []Entry[T], next uint64) []Entry[T] {
	l := r.log
	from, limits := l.before(r.next), Limits{Bytes: int(r.most.bytes), Messages: int(r.most.messages)}
	for end := r.next + uint64(max(1, cap(entries))); r.next < min(end, next); r.next++ {
		slot, before := l.at(r.next), l.before(r.next).messages
		if len(entries) > 0 && !limits.allow(slot.to.minus(from)) {
			break
		}
		entries = append(entries, Entry[T]{
			Item:     slot.item,
			First:    before + 1,
			Messages: int(slot.to.messages - before),
			Skip:     int(r.after - before),
		})
		r.after = slot.to.messages
	}
	r.more = r.next < next
	return entries
}
