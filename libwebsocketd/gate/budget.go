package gate

import (
	"container/heap"
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// While somebody waits, whoever holds memory must go on: its share must grow by
// leastGrowth before it has been seen idle so many times, a look apart.
const (
	leastGrowth = 64 << 10
	mostIdle    = 10
	look        = time.Second
)

// Budget bounds the memory that all messages in the making hold together. A message
// that wants more than there is waits, and whoever sends it is read no further.
//
// It cannot stand still. Of those that wait, the one that has come furthest is served
// first, and one message at a time may have more than the limit: so whenever some
// wait, there is one that does not, and that gives back all it has when it is whole
// or its sender is gone; a sender that is too slow for those who wait is told to go.
// What is held is never more than the limit and one message.
type Budget struct {
	limit int64
	tight atomic.Bool // somebody waits

	mu      sync.Mutex
	held    int64
	holders map[*Share]struct{}
	waiting waiting
	came    uint64 // those that waited so far
	beyond  *Share // may exceed the limit, until it is freed
	looks   *time.Timer
}

// NewBudget makes a Budget of limit bytes; limit <= 0 means no limit.
func NewBudget(limit int64) *Budget {
	return &Budget{limit: limit, holders: map[*Share]struct{}{}}
}

// Tight reports whether somebody waits. What is begun now should begin small.
func (b *Budget) Tight() bool { return b.tight.Load() }

// Held says how many bytes are held at this moment.
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
	nth     uint64        // of those that waited

	growing bool  // more is expected of its sender
	from    int64 // held when it last had grown enough
	idle    int   // looks since
}

// Share is one that holds nothing. late is asked when its sender is too slow for those
// who wait, and must not block or use the Budget: it reports whether that is the
// sender's fault, and ends the message then. It may be nil.
func (b *Budget) Share(late func() bool) *Share { return &Share{budget: b, late: late, place: -1} }

// Held is how many bytes it holds.
func (s *Share) Held() int64 { return s.held }

// Try makes the share n bytes if there is room and nobody waits for it. Less than it
// holds is always possible. More is expected of the sender then.
func (s *Share) Try(n int64) bool {
	b := s.budget
	b.mu.Lock()
	defer b.mu.Unlock()
	if n > s.held && b.limit > 0 && s != b.beyond && (len(b.waiting) > 0 || b.held+n-s.held > b.limit) {
		return false
	}
	b.setLocked(s, n)
	s.growing = true
	return true
}

// Await is Try that waits, until ctx is done; then it is ctx's cause.
func (s *Share) Await(ctx context.Context, n int64) error {
	if s.Try(n) {
		return nil
	}
	b := s.budget
	b.mu.Lock()
	b.came++
	s.wanted, s.granted, s.growing, s.nth = n, make(chan struct{}), false, b.came
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
	s.growing = false
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
	b.held += n - s.held
	if s.held = n; n > 0 {
		b.holders[s] = struct{}{}
	} else {
		delete(b.holders, s)
	}
}

// serveLocked grants what can be granted to those who wait.
func (b *Budget) serveLocked() {
	for len(b.waiting) > 0 {
		s := b.waiting[0]
		if b.held+s.wanted-s.held > b.limit {
			if b.beyond != nil {
				break
			}
			b.beyond = s
		}
		heap.Pop(&b.waiting)
		b.giveLocked(s, s.wanted)
		s.growing = true
		close(s.granted)
	}
	b.watchLocked(len(b.waiting) > 0)
}

// watchLocked looks at those who hold something as long as somebody waits.
func (b *Budget) watchLocked(tight bool) {
	switch {
	case tight == b.tight.Swap(tight):
	case !tight:
		b.looks.Stop()
	case b.looks == nil:
		b.looks = time.AfterFunc(look, b.look)
	default:
		b.looks.Reset(look)
	}
}

// look ends messages whose senders are too slow for those who wait. Looks are counted,
// and not the time between them: that we are late is not the sender's fault.
func (b *Budget) look() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.Tight() {
		return
	}
	for s := range b.holders {
		switch {
		case !s.growing || s.late == nil:
		case s.held-s.from >= leastGrowth:
			s.from, s.idle = s.held, 0
		default:
			if s.idle++; s.idle >= mostIdle && s.late() {
				s.growing = false
			}
		}
	}
	b.looks.Reset(look)
}

// waiting is a heap of those that wait; the first has come furthest, or waits longest.
type waiting []*Share

// Len implements heap.Interface.
func (w waiting) Len() int { return len(w) }

// Less implements heap.Interface.
func (w waiting) Less(i, j int) bool {
	if w[i].held != w[j].held {
		return w[i].held > w[j].held
	}
	return w[i].nth < w[j].nth
}

// Swap implements heap.Interface.
func (w waiting) Swap(i, j int) {
	w[i], w[j] = w[j], w[i]
	w[i].place, w[j].place = i, j
}

// Push implements heap.Interface.
func (w *waiting) Push(s any) {
	s.(*Share).place = len(*w)
	*w = append(*w, s.(*Share))
}

// Pop implements heap.Interface.
func (w *waiting) Pop() any {
	last := len(*w) - 1
	s := (*w)[last]
	(*w)[last] = nil
	*w = (*w)[:last]
	s.place = -1
	return s
}
