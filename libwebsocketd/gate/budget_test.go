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

// grow calls Await in a goroutine, and returns when the call waits or has returned.
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

// TestBudget: a share that finds no room waits, one may exceed the limit, and what is
// given back goes to the one that holds most.
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

// TestBudgetNeverStandsStill lets far more messages grow than there is room for, and
// some of their senders leave on the way. All others become whole, and what is held
// is never more than the limit and one message.
func TestBudgetNeverStandsStill(t *testing.T) {
	for i, limit := range []int64{1, 50, 100, 1000, 1, 50, 100, 1000} {
		pause := time.Duration(i/4) * look / 4 // of the slow ones some wait until time presses
		synctest.Test(t, func(t *testing.T) {  // which fails when all of them wait
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
						time.Sleep(pause)
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

// TestBudgetAsk: whoever asks is served where who waits would be, and does not wait.
func TestBudgetAsk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := NewBudget(100)
		one, other, waits := b.Share(nil), b.Share(nil), b.Share(nil)
		if !one.Ask(60) || !other.Ask(50) || b.Held() != 110 || b.Tight() {
			t.Errorf("one may exceed the limit: %d held", b.Held())
		}
		if one.Ask(61) || !other.Ask(70) {
			t.Error("not one is beyond the limit")
		}
		waiting := grow(t.Context(), waits, 45)
		if b.Share(nil).Ask(1) {
			t.Error("it was served before who waits")
		}
		other.Free()
		if err := <-waiting; err != nil || b.Held() != 105 || one.Ask(61) {
			t.Errorf("who waits: %v, %d held", err, b.Held())
		}
		one.Free()
		waits.Free()
		if b.Held() != 0 || !one.Ask(200) {
			t.Errorf("%d held", b.Held())
		}
	})
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

// TestBudgetOrder: the share that holds most is served first, and of equal ones the
// one that waits longest; those that leave are not served.
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
