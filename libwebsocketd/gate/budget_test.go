package gate

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// grow asks in a goroutine, and returns when the asker waits or has got it.
func grow(ctx context.Context, s *Share, n int64) (answer chan error) {
	answer = make(chan error, 1)
	go func() { answer <- s.Await(ctx, n) }()
	synctest.Wait()
	return answer
}

func pending(t *testing.T, what string, answer chan error) {
	t.Helper()
	select {
	case err := <-answer:
		t.Errorf("%s does not wait: %v", what, err)
	default:
	}
}

// TestBudget: who finds no room waits, one may have more than there is, and what is
// given back goes to the one that has come furthest.
func TestBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := NewBudget(100)
		near, far, large := b.Share(nil), b.Share(nil), b.Share(nil)
		for s, n := range map[*Share]int64{near: 10, far: 50, large: 40} {
			if !s.Try(n) {
				t.Fatalf("%d of %d bytes were not given", n, 100-b.Held())
			}
		}
		if far.Try(51) || b.Tight() {
			t.Error("there is more than there is")
		}
		if err := <-grow(t.Context(), large, 80); err != nil || b.Held() != 140 {
			t.Errorf("one message beyond the limit: %v, %d held", err, b.Held())
		}
		first, second := grow(t.Context(), near, 20), grow(t.Context(), far, 60)
		pending(t, "the first", first)
		pending(t, "the second", second)
		if b.Share(nil).Try(1) || !b.Tight() {
			t.Error("somebody was served before those who wait")
		}
		if !large.Try(90) {
			t.Error("the one message beyond the limit must wait")
		}
		ctx, leave := context.WithCancelCause(t.Context())
		left := grow(ctx, b.Share(nil), 1)
		leave(errors.ErrUnsupported)
		if err := <-left; err != errors.ErrUnsupported {
			t.Errorf("who left: %v", err)
		}
		large.Free()
		if err := errors.Join(<-first, <-second); err != nil || b.Held() != 80 || b.Tight() {
			t.Errorf("%v, %d held", err, b.Held())
		}
		near.Free()
		near.Free()
		far.Free()
		if b.Held() != 0 {
			t.Errorf("%d held at the end", b.Held())
		}
	})
}

// TestBudgetNeverStandsStill lets far more messages grow than there is room for,
// some of whose senders leave on the way: all others become whole, and never is more
// held than the limit and one message.
func TestBudgetNeverStandsStill(t *testing.T) {
	for _, limit := range []int64{1, 50, 100, 1000} {
		synctest.Test(t, func(t *testing.T) { // which fails when all of them wait
			const size, messages = 100, 200
			b := NewBudget(limit)
			var most, whole atomic.Int64
			var all sync.WaitGroup
			for i := range messages {
				all.Go(func() {
					ctx, leave := context.WithCancel(t.Context())
					defer leave()
					s := b.Share(nil)
					defer s.Free()
					for n := int64(0); n < size; n = min(size, n+1+rand.Int64N(30)) {
						if i%10 == 0 && n > size/2 {
							leave()
						}
						if s.Await(ctx, n) != nil {
							return
						}
						for h := b.Held(); h > most.Load(); h = b.Held() {
							most.Store(h)
						}
					}
					whole.Add(1)
				})
			}
			all.Wait()
			if whole.Load() < messages*9/10 || most.Load() > limit+size || b.Held() != 0 {
				t.Errorf("limit %d: %d whole, at most %d held, %d at the end", limit, whole.Load(), most.Load(), b.Held())
			}
		})
	}
}

// TestBudgetWithoutLimit counts all the same.
func TestBudgetWithoutLimit(t *testing.T) {
	b := NewBudget(0)
	s := b.Share(nil)
	if !s.Try(1<<40) || b.Held() != 1<<40 {
		t.Error("it has a limit")
	}
	s.Free()
}

// TestBudgetPace: while somebody waits, a holder that does not go on is asked to leave,
// and nobody else.
func TestBudgetPace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := NewBudget(10 * leastGrowth)
		asked := map[string]int{}
		holder := func(name string, fault bool) *Share {
			s := b.Share(func() bool { asked[name]++; return fault })
			if !s.Try(leastGrowth) {
				t.Fatalf("%s has no room", name)
			}
			return s
		}
		drips, goesOn, whole, unread := holder("drips", true), holder("goes on", true), holder("whole", true), holder("unread", false)
		whole.Whole()
		time.Sleep(time.Hour)
		if len(asked) > 0 {
			t.Errorf("%v were asked to leave while nobody waited", asked)
		}
		large := b.Share(nil)
		if !large.Try(6*leastGrowth) || !large.Try(20*leastGrowth) && <-grow(t.Context(), large, 20*leastGrowth) != nil {
			t.Fatal("one message may have more than there is")
		}
		waits := grow(t.Context(), b.Share(nil), leastGrowth)
		pending(t, "a small one", waits)
		for i := range int64(2 * mostIdle) {
			if drips.Held() > 0 {
				drips.Try(leastGrowth) // it is there, and that is all
			}
			b.mu.Lock()
			if i%(mostIdle-1) == 0 {
				b.giveLocked(goesOn, goesOn.held+leastGrowth) // as one that may have more than the limit
			}
			leaves := asked["drips"] > 0 // the Budget asks while it holds mu
			b.mu.Unlock()
			if leaves {
				drips.Free()
			}
			time.Sleep(look)
			synctest.Wait()
		}
		if asked["drips"] != 1 || asked["goes on"] != 0 || asked["whole"] != 0 || asked["unread"] == 0 {
			t.Errorf("asked to leave: %v", asked)
		}
		for _, s := range []*Share{large, goesOn, whole, unread} {
			s.Free()
		}
		if err := <-waits; err != nil || b.Tight() {
			t.Errorf("the one that waited: %v, somebody waits: %v", err, b.Tight())
		}
	})
}

// TestBudgetOrder serves whoever has come furthest, and of those that have come as far
// who waits longest; those that leave are out of it.
func TestBudgetOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const many = 1000
		b := NewBudget(many * many)
		beyond := b.Share(nil)
		beyond.Try(1)
		shares := make([]*Share, many)
		for i := range shares {
			shares[i] = b.Share(nil)
			shares[i].Try(int64(i/2%(many/4)) + 1)
		}
		<-grow(t.Context(), beyond, 2*many*many)
		ctx, leave := context.WithCancel(t.Context())
		var mu sync.Mutex
		var served []*Share
		for i, s := range shares {
			waits := t.Context()
			if i%10 == 0 {
				waits = ctx
			}
			go func() {
				if s.Await(waits, s.held+many*many) == nil { // one at a time
					mu.Lock()
					served = append(served, s)
					mu.Unlock()
					s.Free()
				}
			}()
			synctest.Wait()
		}
		leave()
		synctest.Wait()
		held := map[*Share]int64{}
		for _, s := range shares {
			held[s] = s.held
		}
		beyond.Free()
		synctest.Wait()
		if len(served) != many*9/10 {
			t.Fatalf("%d of %d were served", len(served), many*9/10)
		}
		for i := 1; i < len(served); i++ {
			if before, after := served[i-1], served[i]; held[before] < held[after] || held[before] == held[after] && before.nth > after.nth {
				t.Fatalf("number %d had %d, number %d %d", before.nth, held[before], after.nth, held[after])
			}
		}
		for i := 0; i < many; i += 10 {
			shares[i].Free()
		}
		if b.Held() != 0 {
			t.Errorf("%d held at the end", b.Held())
		}
	})
}
