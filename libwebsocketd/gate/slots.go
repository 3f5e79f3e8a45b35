package gate

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"sync"
)

// retryAfterFull is the Retry-After, in seconds, of a refusal because no slot is
// free. When the next process ends cannot be predicted, and a refusal costs the
// server almost nothing.
const retryAfterFull = 1

// Slots counts what may run at once. It is exact: however many goroutines call
// Acquire together, never more than the limit hold a slot, and none is refused while
// one is free. It must not be copied.
type Slots struct {
	mu      sync.Mutex
	limit   int
	inUse   int
	leaving int             // how many of those in use are being freed
	waiting []chan struct{} // in order of arrival; closed when a slot is handed over
}

// NewSlots returns Slots of which limit may be in use at once; limit <= 0 means no
// limit, though slots in use are still counted.
func NewSlots(limit int) *Slots { return &Slots{limit: limit} }

// SetLimit sets the limit for slots acquired from now on. Slots held beyond a lower
// limit stay in use.
func (s *Slots) SetLimit(limit int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.limit = limit
	s.handOverLocked()
}

// Limit returns how many slots may be in use at once; 0 or less means any number.
func (s *Slots) Limit() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.limit
}

// Acquire takes a slot and returns nil, or takes none and returns a 429 with a
// Retry-After. It never waits. The caller gives the slot back with one Release, or
// with Leaving and then Left.
func (s *Slots) Acquire() *Refusal {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.acquireLocked() {
		return nil
	}
	return full(s.limit)
}

// Await is Acquire that waits, until ctx is done, for a slot that is being freed. For
// each such slot one caller waits, in order of arrival. Any other caller that finds
// every slot taken is refused at once.
func (s *Slots) Await(ctx context.Context) *Refusal {
	s.mu.Lock()
	if s.acquireLocked() {
		s.mu.Unlock()
		return nil
	}
	refusal := full(s.limit)
	if len(s.waiting) >= s.leaving {
		s.mu.Unlock()
		return refusal
	}
	handed := make(chan struct{})
	s.waiting = append(s.waiting, handed)
	s.mu.Unlock()
	select {
	case <-handed:
		return nil
	case <-ctx.Done():
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if i := slices.Index(s.waiting, handed); i >= 0 {
		s.waiting = slices.Delete(s.waiting, i, i+1)
		return refusal
	}
	return nil // handed over at the last moment
}

func (s *Slots) acquireLocked() bool {
	free := s.limit <= 0 || s.inUse < s.limit
	if free {
		s.inUse++
	}
	return free
}

// Release gives back one slot. It panics without a matching Acquire, since such a
// mistake of the caller would let in too many from then on.
func (s *Slots) Release() { s.release(0) }

// Leaving announces that a slot is being freed: a call of Left follows soon.
func (s *Slots) Leaving() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.leaving++
}

// Left calls Release after Leaving.
func (s *Slots) Left() { s.release(1) }

func (s *Slots) release(leaving int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.inUse--; s.inUse < 0 {
		panic("gate: Slots.Release without Acquire")
	}
	s.leaving -= leaving
	s.handOverLocked()
}

// handOverLocked hands free slots to the callers that wait.
func (s *Slots) handOverLocked() {
	for len(s.waiting) > 0 && s.acquireLocked() {
		close(s.waiting[0])
		s.waiting = slices.Delete(s.waiting, 0, 1)
	}
}

// InUse returns how many slots are held.
func (s *Slots) InUse() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.inUse
}

// full returns the refusal when no slot is free: RFC 6585 4.
func full(limit int) *Refusal {
	return &Refusal{
		Status: http.StatusTooManyRequests,
		Kind:   KindProcesses,
		Reason: fmt.Sprintf("Every slot of --maxforks=%d is taken: try again later,"+
			" or start the server with a larger --maxforks to allow more processes at once", limit),
		RetryAfter: retryAfterFull,
	}
}
