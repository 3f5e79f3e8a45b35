package record

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"sort"
	"sync"
)

// Limits bound what a Log keeps. In each field, 0 means no limit. The newest item is
// kept however large it is.
type Limits struct {
	// Bytes and Messages bound the sums of the counts passed to Append.
	Bytes, Messages int

	// HeldBytes bounds what may be above a floor (Log.Hold) before Append waits, if it
	// is less than Bytes: the rest of Bytes is left for what is below.
	HeldBytes int
}

// Log is a bounded, numbered history of items. Its methods may be called
// concurrently. It must not be copied.
type Log[T any] struct {
	epoch     string
	keep      Limits
	keepAbove Limits // for what is above the floor

	mu    sync.Mutex
	more  waiters   // struck by Append and Close
	room  waiters   // struck by Hold, Release and Close
	slots []slot[T] // a ring: item i lies at i&(len-1), where len is a power of two

	// Items are counted from 0 by their order; first..next-1 are kept.
	first, next uint64
	gone, all   extent // of items 0..first-1, of items 0..next-1

	holding bool
	floor   uint64 // the last message that may be dropped, while holding
	seal    *seal  // nil: Readers get everything
	ended   error  // the error passed to Close
}

// extent is a sum over items.
type extent struct{ messages, bytes uint64 }

type slot[T any] struct {
	item T
	to   extent // of all items up to this one
}

// New returns an empty Log with an epoch of its own.
func New[T any](limits Limits) *Log[T] {
	return &Log[T]{epoch: rand.Text()[:epochSize], keep: limits, keepAbove: limits.above()}
}

// above returns the limits of what is above a floor.
func (l Limits) above() Limits {
	if n := l.HeldBytes; n > 0 && (l.Bytes <= 0 || n < l.Bytes) {
		l.Bytes = n
	}
	return l
}

// SetLimits replaces the limits. What is over them is dropped with the next Append.
func (l *Log[T]) SetLimits(limits Limits) {
	l.mu.Lock()
	l.keep, l.keepAbove = limits, limits.above()
	l.room.strikeAndUnlock(&l.mu)
}

// Epoch returns the name of this Log, which no other Log ever has: epochSize random
// characters that may stand in a URL.
func (l *Log[T]) Epoch() string { return l.epoch }

// Kept returns which messages are kept: first..last, or none if first is last+1.
// Before the first message it returns 1, 0.
func (l *Log[T]) Kept() (first, last uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.readable()
	return min(l.gone.messages, s.messages) + 1, s.messages
}

// Last returns the number of the last message that was appended, also where Readers do not get it yet
// (Seal).
func (l *Log[T]) Last() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all.messages
}

// Append adds an item that counts as the given number of messages. They get the
// numbers that follow the last one. Then Append drops what is over the limits. bytes
// is what keeping the item costs: the memory it lies in rather than its length.
// Nothing else bounds how many remarks are kept. Negative counts panic.
//
// Append waits only while it would have to drop what is held (Hold). It returns the
// error of Close, or the cause of ctx when that is done while it waits; then the item
// is not in the Log. Several goroutines may call Append, in any order.
func (l *Log[T]) Append(ctx context.Context, item T, messages, bytes int) error {
	if messages < 0 || bytes < 0 {
		panic(fmt.Sprintf("record: an item of %d messages and %d bytes", messages, bytes))
	}
	added := extent{uint64(messages), uint64(bytes)}
	l.mu.Lock()
	if err := l.waitForRoom(ctx, added); err != nil {
		l.mu.Unlock()
		return err
	}
	l.add(item, added)
	l.more.strikeAndUnlock(&l.mu)
	return nil
}

func (l *Log[T]) waitForRoom(ctx context.Context, added extent) (err error) {
	for l.ended == nil && !l.mayAdd(added) {
		if err != nil {
			return err
		}
		err = l.room.wait(ctx, &l.mu)
	}
	return l.ended
}

// mayAdd reports whether the limits allow an item without dropping what is held.
func (l *Log[T]) mayAdd(added extent) bool {
	if !l.holding {
		return true
	}
	held := l.firstAbove(l.floor)
	if held == l.next {
		return true
	}
	for held > l.first && l.isRemark(held-1) {
		held--
	}
	return l.keepAbove.allow(l.all.plus(added).minus(l.before(held)))
}

// isRemark reports whether a kept item has no messages.
func (l *Log[T]) isRemark(i uint64) bool { return l.at(i).to.messages == l.before(i).messages }

// add adds an item after it has made room.
func (l *Log[T]) add(item T, added extent) {
	l.makeRoom(added)
	if l.next-l.first == uint64(len(l.slots)) {
		l.grow()
	}
	l.all = l.all.plus(added)
	*l.at(l.next) = slot[T]{item, l.all}
	l.next++
}

// makeRoom drops the oldest items until there is room for another one. A remark goes only with the
// message that follows it: else a reader that finds that message has missed the remark without
// knowing. What is held is never reached, because that and the new item are within the limits.
func (l *Log[T]) makeRoom(added extent) {
	for l.first < l.next && !l.keep.allow(l.all.plus(added).minus(l.gone)) {
		switch gone := l.gone.messages; {
		case gone < l.all.messages:
			for l.gone.messages == gone {
				l.dropOldest()
			}
		case added.messages > 0:
			return // the remarks that are left are those before it
		default:
			l.dropOldest()
		}
	}
}

func (l *Log[T]) dropOldest() {
	oldest := l.at(l.first)
	l.gone = oldest.to
	*oldest = slot[T]{} // its item can be collected
	l.first++
}

func (l *Log[T]) grow() {
	old := l.slots
	l.slots = make([]slot[T], max(8, 2*len(old)))
	for i := l.first; i < l.next; i++ {
		*l.at(i) = old[i&uint64(len(old)-1)]
	}
}

// Hold keeps the messages above number n from being dropped, until another Hold or
// Release; 0 holds everything that is still kept. Append waits when there is no other
// room. A floor that moves up wakes it; one that moves down brings nothing back.
func (l *Log[T]) Hold(n uint64) {
	l.mu.Lock()
	l.holding, l.floor = true, n
	l.room.strikeAndUnlock(&l.mu)
}

// Release ends what Hold began.
func (l *Log[T]) Release() {
	l.mu.Lock()
	l.holding = false
	l.room.strikeAndUnlock(&l.mu)
}

// Bytes returns what keeping the kept items costs, by the counts passed to Append.
func (l *Log[T]) Bytes() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return int(l.all.minus(l.gone).bytes)
}

// Drop drops everything that is kept, held or not. Readers that have not read it get
// a GoneError.
func (l *Log[T]) Drop() {
	l.mu.Lock()
	l.slots, l.first, l.gone = nil, l.next, l.all
	l.room.strikeAndUnlock(&l.mu)
}

// DropWhile drops the oldest items, held or not, as long as old returns true of the next
// one. It may drop all. old is called while the Log is locked, and must not use it.
func (l *Log[T]) DropWhile(old func(item T) bool) {
	l.mu.Lock()
	for l.first < l.next && old(l.at(l.first).item) {
		l.dropOldest()
	}
	l.room.strikeAndUnlock(&l.mu)
}

// Close ends the Log. Calls of Append that wait, and later ones, return err; Readers
// get it when they have read what is kept. A nil err means io.EOF. Only the first
// Close counts.
func (l *Log[T]) Close(err error) {
	if err == nil {
		err = io.EOF
	}
	l.mu.Lock()
	if l.ended == nil {
		l.ended = err
	}
	l.room.strikeAndUnlock(&l.mu)
	l.mu.Lock()
	l.more.strikeAndUnlock(&l.mu)
}

// at returns the slot of an item.
func (l *Log[T]) at(i uint64) *slot[T] { return &l.slots[i&uint64(len(l.slots)-1)] }

// before returns the extent of all items before a kept one, or before the next.
func (l *Log[T]) before(i uint64) extent {
	if i == l.first {
		return l.gone
	}
	return l.at(i - 1).to
}

// firstAbove returns the first kept item with messages above number n, or the next to
// come.
func (l *Log[T]) firstAbove(n uint64) uint64 {
	kept := int(l.next - l.first)
	return l.first + uint64(sort.Search(kept, func(i int) bool { return l.at(l.first+uint64(i)).to.messages > n }))
}

// allow reports whether the limits allow keeping e.
func (l Limits) allow(e extent) bool {
	return (l.Bytes <= 0 || e.bytes <= uint64(l.Bytes)) && (l.Messages <= 0 || e.messages <= uint64(l.Messages))
}

func (e extent) plus(f extent) extent  { return extent{e.messages + f.messages, e.bytes + f.bytes} }
func (e extent) minus(f extent) extent { return extent{e.messages - f.messages, e.bytes - f.bytes} }
