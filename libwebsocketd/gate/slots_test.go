package gate

import (
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

func TestSlotsRefuseWhenFull(t *testing.T) {
	s := NewSlots(2)
	for i := range 2 {
		if r := s.Acquire(); r != nil {
			t.Fatalf("slot %d refused: %v", i, r)
		}
	}
	r := s.Acquire()
	if r == nil {
		t.Fatal("a third of two slots was given")
	}
	if r.Status != 429 || r.RetryAfter <= 0 || !strings.Contains(r.Reason, "--maxforks=2 ") {
		t.Errorf("refusal = %+v", *r)
	}
	if s.InUse() != 2 {
		t.Errorf("InUse after a refusal = %d, want 2", s.InUse())
	}
	s.Release()
	if r := s.Acquire(); r != nil {
		t.Errorf("a free slot was refused: %v", r)
	}
}

func TestSlotsWithoutLimit(t *testing.T) {
	for _, limit := range []int{0, -1} {
		s := NewSlots(limit)
		for range 5000 {
			if r := s.Acquire(); r != nil {
				t.Fatalf("limit %d refused: %v", limit, r)
			}
		}
		if s.InUse() != 5000 {
			t.Errorf("limit %d: InUse = %d, want 5000", limit, s.InUse())
		}
	}
}

func TestSlotsReleaseWithoutAcquire(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("Release without Acquire went unnoticed")
		}
	}()
	NewSlots(1).Release()
}

// TestSlotsExact lets 200 goroutines ask at one moment, all keeping what they
// got: exactly the limit may have got one.
func TestSlotsExact(t *testing.T) {
	const limit, askers = 5, 200
	for range 50 {
		s := NewSlots(limit)
		var got atomic.Int64
		var asked sync.WaitGroup
		start := make(chan struct{})
		for range askers {
			asked.Go(func() {
				<-start
				if s.Acquire() == nil {
					got.Add(1)
				}
			})
		}
		close(start)
		asked.Wait()
		if got.Load() != limit || s.InUse() != limit {
			t.Fatalf("%d of %d slots given, InUse %d", got.Load(), limit, s.InUse())
		}
	}
}

// TestSlotsUnderChurn lets 200 goroutines take and give back: never more than
// the limit may hold one, nobody starves for ever, and all come back.
func TestSlotsUnderChurn(t *testing.T) {
	const limit, askers, rounds = 7, 200, 100
	s := NewSlots(limit)
	var holding, most, given atomic.Int64
	var done sync.WaitGroup
	for range askers {
		done.Go(func() {
			for range rounds {
				if s.Acquire() != nil {
					continue
				}
				given.Add(1)
				now := holding.Add(1)
				for m := most.Load(); now > m && !most.CompareAndSwap(m, now); m = most.Load() {
				}
				holding.Add(-1)
				s.Release()
			}
		})
	}
	done.Wait()
	if most.Load() > limit {
		t.Errorf("%d held a slot at once, limit %d", most.Load(), limit)
	}
	if given.Load() == 0 || s.InUse() != 0 {
		t.Errorf("%d slots given, %d still in use", given.Load(), s.InUse())
	}
}

// TestSlotsNeverRefuseWhileFree holds as many goroutines as there are slots: a
// count that is for a moment too high would refuse one of them.
func TestSlotsNeverRefuseWhileFree(t *testing.T) {
	const limit = 16
	s := NewSlots(limit)
	var refused atomic.Int64
	var done sync.WaitGroup
	for range limit {
		done.Go(func() {
			for range 2000 {
				if s.Acquire() != nil {
					refused.Add(1)
					continue
				}
				s.Release()
			}
		})
	}
	done.Wait()
	if refused.Load() != 0 {
		t.Errorf("%d refused though a slot was free", refused.Load())
	}
}

// TestSlotsNewLimit: what is held stays, what is asked for next meets the new limit.
func TestSlotsNewLimit(t *testing.T) {
	s := NewSlots(2)
	for range 2 {
		if refusal := s.Acquire(); refusal != nil {
			t.Fatal(refusal)
		}
	}
	s.SetLimit(1)
	s.Release()
	if s.Acquire() == nil || s.InUse() != 1 || s.Limit() != 1 {
		t.Errorf("%d of %d are in use", s.InUse(), s.Limit())
	}
	s.SetLimit(0)
	if refusal := s.Acquire(); refusal != nil {
		t.Error(refusal)
	}
}
