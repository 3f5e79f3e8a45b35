package gate

import (
	"fmt"
	"net/http"
	"sync/atomic"
)

// retryAfterFull is the Retry-After, in seconds, of a refusal for want of a
// slot. A slot is free whenever any one process ends, which nobody can foretell,
// and being refused costs the server next to nothing.
const retryAfterFull = 1

// Slots counts what may run at once. It is exact: however many goroutines ask
// together, never more than the limit hold a slot, and none is refused while
// one is free. It must not be copied.
type Slots struct {
	limit atomic.Int64
	inUse atomic.Int64
}

// NewSlots makes Slots of which limit may be in use at once; limit <= 0 means
// no limit, though what is in use is still counted.
func NewSlots(limit int) *Slots {
	s := new(Slots)
	s.SetLimit(limit)
	return s
}

// SetLimit is a new limit for what is acquired from now on. What is held beyond
// a lower one stays.
func (s *Slots) SetLimit(limit int) { s.limit.Store(int64(limit)) }

// Limit is how many slots may be in use at once; 0 or less: any number.
func (s *Slots) Limit() int { return int(s.limit.Load()) }

// Acquire takes a slot and returns nil, or takes none and returns a 429 with a
// Retry-After. It never waits. Who got a slot gives it back with one Release.
func (s *Slots) Acquire() *Refusal {
	for {
		n := s.inUse.Load()
		if limit := s.limit.Load(); limit > 0 && n >= limit {
			return full(limit)
		}
		// Compare first: adding and taking back when it was too much would show
		// the others a slot in use that nobody holds, and refuse them for it.
		if s.inUse.CompareAndSwap(n, n+1) {
			return nil
		}
	}
}

// Release gives back one slot. A Release without its Acquire is a mistake of the
// caller that would let too many in from then on, so it panics.
func (s *Slots) Release() {
	if s.inUse.Add(-1) < 0 {
		panic("gate: Slots.Release without Acquire")
	}
}

// InUse says how many slots are held at this moment.
func (s *Slots) InUse() int { return int(s.inUse.Load()) }

// full is the refusal when no slot is free: RFC 6585 4.
func full(limit int64) *Refusal {
	return &Refusal{
		Status: http.StatusTooManyRequests,
		Reason: fmt.Sprintf("Every slot of --maxforks=%d is taken: try again later,"+
			" or start the server with a larger --maxforks to allow more processes at once", limit),
		RetryAfter: retryAfterFull,
	}
}
