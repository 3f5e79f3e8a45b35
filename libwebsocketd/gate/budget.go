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
	mostIdle    = 10 // looks, before the share has grown by
	leastGrowth = 64 << 10
	mostSilence = mostIdle * look
	pressed     = 2 * look // what is left of mostSilence when somebody has waited for mostIdle looks
)

// Budget bounds the memory that all messages in the making hold together. A message
// that wants more than there is waits, and whoever sends it is read no further.
//
// It cannot stand still. Of those that wait, the one that has come furthest is served
// first, and one message at a time may have more than the limit: so whenever some
// wait, there is one that does not, and that gives back all it has when it is whole
// or its sender is gone; a sender that is too slow for those who wait is told to go.
// What is held is never more than the limit and one message.
//
// When time presses, because somebody has waited for ten seconds, room goes first to
// the newest message: a crowd that waits itself, only to stand still when it is served,
// does not keep out a client that comes after it.
type Budget struct {
	limit int64
	tight atomic.Bool // somebody waits

	mu      sync.Mutex
	held    int64
	holders map[*Share]struct{}
	waiting waiting
	came    uint64 // messages that waited so far
	beyond  *Share // may exceed the limit, until it is freed
	looks   *time.Timer
}

// NewBudget makes a Budget of limit bytes; limit <= 0 means no limit.
func NewBudget(limit int64) *Budget {
	return &Budget{limit: limit, holders: map[*Share]struct{}{}}
}

// Tight reports whether somebody waits. What is begun now should begin small.
func (b *Budget) Tight() bool { return b.tight.Load() }

// Held returns how many bytes are held at this moment.
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
	granted chan struct{} // closed when it is
	place   int           // in waiting
	nth     uint64        // of the messages that waited; 0: this one has not
	waited  int           // so many looks

	growing bool      // more is expected of its sender
	from    int64     // held when it last had grown enough
	idle    int       // looks since
	moved   time.Time // when held last changed
}

// Share returns one that holds nothing. late is asked when its sender is too slow for those
// who wait, and must not block or use the Budget: it reports whether that is the
// sender's fault, and ends the message then. It may be nil.
func (b *Budget) Share(late func() bool) *Share { return &Share{budget: b, late: late, place: -1} }

// Held returns how many bytes it holds.
func (s *Share) Held() int64 { return s.held }

// Try makes the share n bytes if there is room and nobody waits for it. Less than it
// holds is always possible. More is expected of the sender then.
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

// Await does as Try does, but waits, until ctx is done; then it returns ctx's cause.
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

// Whole says that nothing more is expected of the sender, though all is still held.
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

// setLocked gives a share n bytes, and others what that leaves.
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

// serveLocked grants what can be granted to those who wait. When time presses that is one
// at a time: what it needs next must not be gone when it asks. A look grants the rest.
func (b *Budget) serveLocked() {
	for b.serveFirstLocked() && !b.waiting.presses {
	}
	b.watchLocked(b.waiting.Len() > 0)
}

// serveFirstLocked reports whether there was something for one that waits.
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

// watchLocked looks at those who hold something as long as somebody waits.
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

// look ends messages whose senders are too slow for those who wait. That we are late is
// not the sender's fault: late sees what waits to be read, and idle counts looks, however
// far apart they are.
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

// look reports whether the sender is too slow: nothing of it has come for so long, or
// next to nothing in the last mostIdle looks.
func (s *Share) look(now time.Time, silence time.Duration) bool {
	if s.held-s.from >= leastGrowth {
		s.from, s.idle = s.held, 0
	} else {
		s.idle++
	}
	return s.idle >= mostIdle || now.Sub(s.moved) >= silence
}
