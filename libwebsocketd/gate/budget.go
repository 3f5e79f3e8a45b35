package gate

import (
	"container/heap"
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// See the law of a Budget, in the package's documentation.
const (
	look        = time.Second
	mostIdle    = 10 // looks in which a share must grow by leastGrowth
	leastGrowth = 64 << 10
	mostSilence = mostIdle * look
	pressed     = 2 * look // replaces mostSilence when a share has waited for mostIdle looks
)

// Budget bounds the memory that all unfinished messages hold together. A message that
// wants more than there is waits, and meanwhile nothing more is read from its sender.
//
// It cannot deadlock. Of the messages that wait, the one that holds most is served
// first, and one message at a time may exceed the limit. So whenever some wait, there
// is one that does not. It gives back all it has when it is complete or its sender is
// gone, and a sender that is too slow for those that wait is disconnected. What is
// held is never more than the limit and one message.
//
// When time presses, because a message has waited for ten seconds, room goes first to
// the newest message. So a crowd of clients that wait, and send nothing once they are
// served, does not keep out a client that comes after them.
type Budget struct {
	limit int64
	tight atomic.Bool // a message waits

	mu      sync.Mutex
	held    int64
	holders map[*Share]struct{}
	waiting waiting
	came    uint64 // how many messages have waited so far
	beyond  *Share // the share that may exceed the limit, until it is freed
	looks   *time.Timer
}

// NewBudget returns a Budget of limit bytes; limit <= 0 means no limit.
func NewBudget(limit int64) *Budget {
	return &Budget{limit: limit, holders: map[*Share]struct{}{}}
}

// Tight reports whether a message waits. A message that begins now should begin
// small.
func (b *Budget) Tight() bool { return b.tight.Load() }

// Held returns how many bytes all messages hold.
func (b *Budget) Held() int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.held
}

// Share is what one message holds of a Budget. It belongs to one goroutine at a time.
type Share struct {
	budget *Budget
	late   func() bool
	held   int64

	wanted  int64         // more than held while waiting
	granted chan struct{} // closed when wanted is granted
	place   int           // in waiting
	nth     uint64        // its number among the messages that waited; 0: it has not waited
	waited  int           // number of looks it has waited

	growing bool      // more is expected from its sender
	from    int64     // value of held when it last had grown enough
	idle    int       // looks since then
	moved   time.Time // when held last changed
}

// Share returns a share that holds nothing. late is called when the sender is too
// slow for messages that wait. It reports whether that is the sender's fault, and
// then ends the message. It must not block or use the Budget, and may be nil.
func (b *Budget) Share(late func() bool) *Share { return &Share{budget: b, late: late, place: -1} }

// Held returns how many bytes the share holds.
func (s *Share) Held() int64 { return s.held }

// Try makes the share n bytes if there is room and no message waits for it. Making it
// smaller always succeeds. From then on more is expected from the sender.
func (s *Share) Try(n int64) bool {
	b := s.budget
	b.mu.Lock()
	defer b.mu.Unlock()
	if n > s.held && b.limit > 0 && s != b.beyond && (b.waiting.Len() > 0 || b.held+n-s.held > b.limit) {
		return false
	}
	b.setLocked(s, n)
	s.growing = true
	return true
}

// Ask does as Await does where that does not wait, and reports whether it has.
func (s *Share) Ask(n int64) bool {
	if s.Try(n) {
		return true
	}
	b := s.budget
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.beyond != nil || b.waiting.Len() > 0 {
		return false
	}
	b.beyond = s
	b.setLocked(s, n)
	s.growing = true
	return true
}

// Await does as Try does, but waits for room until ctx is done, and then returns
// ctx's cause.
func (s *Share) Await(ctx context.Context, n int64) error {
	if s.Try(n) {
		return nil
	}
	b := s.budget
	b.mu.Lock()
	if s.nth == 0 {
		b.came++
		s.nth = b.came
	}
	s.wanted, s.granted, s.growing = n, make(chan struct{}), false
	heap.Push(&b.waiting, s)
	b.serveLocked()
	b.mu.Unlock()
	select {
	case <-s.granted:
		return nil
	case <-ctx.Done():
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if s.place >= 0 {
		heap.Remove(&b.waiting, s.place)
		b.serveLocked()
	}
	return context.Cause(ctx)
}

// Whole declares that nothing more is expected from the sender, though all is still
// held.
func (s *Share) Whole() {
	s.budget.mu.Lock()
	defer s.budget.mu.Unlock()
	s.growing = false
}

// Free gives everything back.
func (s *Share) Free() {
	if s.held == 0 {
		return
	}
	b := s.budget
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.beyond == s {
		b.beyond = nil
	}
	b.setLocked(s, 0)
	s.growing, s.nth, s.waited = false, 0, 0
}

// setLocked makes a share n bytes, and grants others what that frees.
func (b *Budget) setLocked(s *Share, n int64) {
	less := n < s.held
	b.giveLocked(s, n)
	if less {
		b.serveLocked()
	}
}

func (b *Budget) giveLocked(s *Share, n int64) {
	if s.held == 0 || n < s.from {
		s.from, s.idle = n, 0
	}
	if n != s.held {
		s.moved = time.Now()
	}
	b.held += n - s.held
	if s.held = n; n > 0 {
		b.holders[s] = struct{}{}
	} else {
		delete(b.holders, s)
	}
}

// serveLocked grants what can be granted to the shares that wait. When time presses
// it grants one at a time: what that one needs next must not be gone when it asks.
// The next look grants the rest.
func (b *Budget) serveLocked() {
	for b.serveFirstLocked() && !b.waiting.presses {
	}
	b.watchLocked(b.waiting.Len() > 0)
}

// serveFirstLocked grants the first share that waits what it wants, if it can. It
// reports whether it did.
func (b *Budget) serveFirstLocked() bool {
	if b.waiting.Len() == 0 {
		return false
	}
	s := b.waiting.shares[0]
	if b.held+s.wanted-s.held > b.limit {
		if b.beyond != nil {
			return false
		}
		s = b.waiting.furthest()
		b.beyond = s
	}
	heap.Remove(&b.waiting, s.place)
	b.giveLocked(s, s.wanted)
	s.growing = true
	close(s.granted)
	return true
}

// watchLocked runs the timer of look while a share waits.
func (b *Budget) watchLocked(tight bool) {
	switch {
	case tight == b.tight.Swap(tight):
	case !tight:
		b.waiting.presses = false
		b.looks.Stop()
	case b.looks == nil:
		b.looks = time.AfterFunc(look, b.look)
	default:
		b.looks.Reset(look)
	}
}

// look ends messages whose senders are too slow for those that wait. The sender is
// not blamed for our own lateness: late sees what waits to be read, and idle counts
// looks, however far apart they are.
func (b *Budget) look() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.Tight() {
		return
	}
	silence, now := mostSilence, time.Now()
	if b.waiting.look() >= mostIdle {
		silence = pressed
	}
	for s := range b.holders {
		if s.growing && s.late != nil && s.look(now, silence) && s.late() {
			s.growing = false
		}
	}
	b.looks.Reset(look)
	for b.serveFirstLocked() {
	}
	b.watchLocked(b.waiting.Len() > 0)
}

// look reports whether the sender is too slow: it has sent nothing for the time
// silence, or almost nothing in the last mostIdle looks.
func (s *Share) look(now time.Time, silence time.Duration) bool {
	if s.held-s.from >= leastGrowth {
		s.from, s.idle = s.held, 0
	} else {
		s.idle++
	}
	return s.idle >= mostIdle || now.Sub(s.moved) >= silence
}
