package gate

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
)

// Budget bounds the memory that all messages in the making hold together. A message
// that wants more than there is waits, and whoever sends it is read no further.
//
// It cannot stand still. Of those that wait, the one that has come furthest is served
// first, and one message at a time may have more than the limit: so whenever some
// wait, there is one that does not, and that gives back all it has when it is whole
// or its sender is gone. What is held is never more than the limit and one message.
type Budget struct {
	limit int64
	tight atomic.Bool // somebody waits

	mu      sync.Mutex
	held    int64
	waiting []*Share // the first comes first
	beyond  *Share   // may exceed the limit, until it is freed
}

// NewBudget makes a Budget of limit bytes; limit <= 0 means no limit.
func NewBudget(limit int64) *Budget { return &Budget{limit: limit} }

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
	budget  *Budget
	held    int64
	wanted  int64         // more than held while waiting
	granted chan struct{} // closed when it is
}

// Share is one that holds nothing.
func (b *Budget) Share() *Share { return &Share{budget: b} }

// Held is how many bytes it holds.
func (s *Share) Held() int64 { return s.held }

// Try makes the share n bytes if there is room and nobody waits for it. Less than it
// holds is always possible.
func (s *Share) Try(n int64) bool {
	b := s.budget
	b.mu.Lock()
	defer b.mu.Unlock()
	if n > s.held && b.limit > 0 && s != b.beyond && (len(b.waiting) > 0 || b.held+n-s.held > b.limit) {
		return false
	}
	b.setLocked(s, n)
	return true
}

// Await is Try that waits, until ctx is done; then it is ctx's cause.
func (s *Share) Await(ctx context.Context, n int64) error {
	if s.Try(n) {
		return nil
	}
	b := s.budget
	b.mu.Lock()
	s.wanted, s.granted = n, make(chan struct{})
	b.waiting = append(b.waiting, s)
	b.serveLocked()
	b.mu.Unlock()
	select {
	case <-s.granted:
		return nil
	case <-ctx.Done():
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if i := slices.Index(b.waiting, s); i >= 0 {
		b.waiting = slices.Delete(b.waiting, i, i+1)
		b.serveLocked()
	}
	return context.Cause(ctx)
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
}

// setLocked gives a share n bytes, and others what that leaves.
func (b *Budget) setLocked(s *Share, n int64) {
	less := n < s.held
	b.held += n - s.held
	s.held = n
	if less {
		b.serveLocked()
	}
}

// serveLocked grants what can be granted to those who wait.
func (b *Budget) serveLocked() {
	for len(b.waiting) > 0 {
		furthest := 0
		for i, s := range b.waiting {
			if s.held > b.waiting[furthest].held {
				furthest = i
			}
		}
		s := b.waiting[furthest]
		if b.held+s.wanted-s.held > b.limit {
			if b.beyond != nil {
				break
			}
			b.beyond = s
		}
		b.waiting = slices.Delete(b.waiting, furthest, furthest+1)
		b.held += s.wanted - s.held
		s.held = s.wanted
		close(s.granted)
	}
	b.tight.Store(len(b.waiting) > 0)
}
