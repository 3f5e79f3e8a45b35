package gate

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
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

// TestSlotsExact lets 200 goroutines call Acquire at one moment and keep their slots:
// exactly as many as the limit may get one.
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

// TestSlotsUnderChurn lets 200 goroutines take and give back: never more than the
// limit may hold one, none starves forever, and all slots come back.
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

// TestSlotsNewLimit: slots held stay in use, and the next call meets the new limit.
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

// await calls Await in a goroutine, and returns when the call waits or was refused.
func await(t *testing.T, s *Slots, ctx context.Context) (answer chan *Refusal) {
	t.Helper()
	answer = make(chan *Refusal, 1)
	go func() { answer <- s.Await(ctx) }()
	synctest.Wait()
	return answer
}

// TestSlotsAwait: one caller waits for each slot that is being freed, in order; none
// waits for a slot in use.
func TestSlotsAwait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := NewSlots(3)
		for range 3 {
			if s.Await(t.Context()) != nil {
				t.Fatal("a free slot is refused")
			}
		}
		if r := <-await(t, s, t.Context()); r == nil || r.Status != 429 {
			t.Errorf("all three are in use: %+v", r)
		}
		s.Leaving()
		s.Leaving()
		first, second := await(t, s, t.Context()), await(t, s, t.Context())
		if r := <-await(t, s, t.Context()); r == nil {
			t.Error("two are being freed, and three wait")
		}
		if s.Acquire() == nil {
			t.Error("somebody who does not wait is given a slot")
		}
		s.Left()
		if r := <-first; r != nil {
			t.Errorf("the first: %+v", r)
		}
		select {
		case r := <-second:
			t.Errorf("the second, before its slot is free: %+v", r)
		default:
		}
		if s.Acquire() == nil {
			t.Error("the slot is given twice")
		}
		s.Left()
		if r := <-second; r != nil || s.InUse() != 3 {
			t.Errorf("the second: %+v, %d in use", r, s.InUse())
		}
	})
}

// TestSlotsAwaitEnds: a caller that leaves, or has waited long enough, holds up no
// other.
func TestSlotsAwaitEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := NewSlots(1)
		s.Acquire()
		s.Leaving()
		ctx, leave := context.WithCancel(t.Context())
		gone := await(t, s, ctx)
		leave()
		if r := <-gone; r == nil || r.Status != 429 {
			t.Errorf("who left: %+v", r)
		}
		next := await(t, s, t.Context())
		s.Left()
		if r := <-next; r != nil {
			t.Errorf("who came after: %+v", r)
		}
		s.Leaving()
		more := await(t, s, t.Context())
		s.SetLimit(2)
		if r := <-more; r != nil || s.InUse() != 2 {
			t.Errorf("a larger limit: %+v, %d in use", r, s.InUse())
		}
	})
}

// TestSlotsAwaitExact: many that come and go never hold more than the limit, and
// nothing is left at the end.
func TestSlotsAwaitExact(t *testing.T) {
	const limit, askers = 3, 50
	s := NewSlots(limit)
	var inside, most, served atomic.Int64
	var all sync.WaitGroup
	for range askers {
		all.Go(func() {
			for range 100 {
				ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
				if s.Await(ctx) == nil {
					served.Add(1)
					if n := inside.Add(1); n > limit {
						most.Store(n)
					}
					s.Leaving()
					inside.Add(-1)
					s.Left()
				}
				cancel()
			}
		})
	}
	all.Wait()
	if n := most.Load(); n > 0 || s.InUse() != 0 || served.Load() == 0 {
		t.Errorf("%d at once, %d in use at the end, %d served", n, s.InUse(), served.Load())
	}
}
