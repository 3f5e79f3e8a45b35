package gate

import (
	"context"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"
)

var (
	one = netip.MustParseAddr("192.0.2.1")
	two = netip.MustParseAddr("192.0.2.2")
)

// nth returns the n-th of many addresses.
func nth(n int) netip.Addr { return netip.AddrFrom4([4]byte{10, byte(n >> 16), byte(n >> 8), byte(n)}) }

// TestBuckets: each address has N at once, and then one in each N-th of the period.
func TestBuckets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := NewBuckets(Rate{2, time.Minute})
		for i, want := range []time.Duration{0, 0, 30 * time.Second, 30 * time.Second} {
			if wait := b.Take(one); wait.Round(time.Millisecond) != want {
				t.Errorf("the %d. has to wait %s, want %s", i+1, wait, want)
			}
		}
		if b.Take(two) != 0 {
			t.Error("two addresses have one bucket")
		}
		for addr, want := range map[netip.Addr]int{one: 0, two: 1, nth(0): 2} {
			if n, wait := b.Left(addr); n != want || (wait == 0) != (n > 0) {
				t.Errorf("%s has %d left, and waits %s", addr, n, wait)
			}
		}
		time.Sleep(20 * time.Second)
		if wait := b.Take(one); wait.Round(time.Millisecond) != 10*time.Second {
			t.Errorf("after 20 s the wait is %s", wait)
		}
		time.Sleep(10 * time.Second)
		if b.Take(one) != 0 || b.Take(one) == 0 {
			t.Error("after 30 s there is not just one")
		}
	})
}

// TestBucketsAreBounded: the address that took something longest ago is forgotten, not one
// that goes on trying.
func TestBucketsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := NewBuckets(Rate{1, time.Hour})
		b.Take(one)
		b.Take(two)
		for i := range 2 * mostAddresses {
			b.Take(nth(i))
			if b.Take(two) == 0 {
				t.Fatalf("one that goes on trying is forgotten after %d others", i)
			}
		}
		if len(b.of) != mostAddresses || b.used.Len() != mostAddresses {
			t.Errorf("%d addresses are remembered, %d in order", len(b.of), b.used.Len())
		}
		if b.Take(one) != 0 {
			t.Error("the one used longest ago is remembered")
		}
		if n, _ := b.Left(nth(-1)); n != 1 || len(b.of) != mostAddresses {
			t.Error("a look has changed what is remembered")
		}
	})
}

// TestBucketsAwait: those that wait get theirs in order, and those that leave, in whatever order, cost
// the others nothing.
func TestBucketsAwait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := NewBuckets(Rate{1, time.Second})
		began := time.Now()
		turn := func(ctx context.Context) chan time.Duration {
			came := make(chan time.Duration, 1)
			go func() {
				if b.Await(ctx, one) == nil {
					came <- time.Since(began)
				}
				close(came)
			}()
			synctest.Wait()
			return came
		}
		first := turn(t.Context())
		if <-first != 0 {
			t.Error("the first has to wait")
		}
		ctx, leave := context.WithCancel(t.Context())
		late, leaveLate := context.WithCancel(t.Context())
		gone := []chan time.Duration{turn(ctx), turn(ctx), turn(late)}
		second := turn(t.Context())
		gone = append(gone, turn(ctx))
		third := turn(t.Context())
		leave()
		synctest.Wait()
		leaveLate()
		for i, came := range gone {
			if _, ok := <-came; ok {
				t.Errorf("the %d. that left has its turn", i+1)
			}
		}
		for i, came := range []chan time.Duration{second, third} {
			if at, want := <-came, time.Duration(i+1)*time.Second; at.Round(time.Millisecond) != want {
				t.Errorf("the %d. that stays has its turn after %s, want %s", i+1, at, want)
			}
		}
		if NewBuckets(Rate{}).Await(t.Context(), one) != nil || b.Await(t.Context(), netip.Addr{}) != nil {
			t.Error("without a rate or an address one has to wait")
		}
	})
}

func TestStarts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := NewStarts(Rate{2, time.Minute}, Rate{3, time.Minute})
		check := func(addr netip.Addr, after int) {
			t.Helper()
			switch r := s.Take(addr); {
			case (r == nil) != (after == 0):
				t.Errorf("refused: %v", r)
			case r != nil && (r.Status != 429 || r.RetryAfter != after):
				t.Errorf("%d, again after %d s, want %d", r.Status, r.RetryAfter, after)
			}
		}
		check(one, 0)
		check(one, 0)
		check(one, 30) // costs the others nothing
		check(netip.Addr{}, 0)
		check(two, 20)
		check(netip.Addr{}, 20)
		time.Sleep(20 * time.Second)
		check(one, 10)
		check(two, 0)
		for range 5 {
			if refusal := NewStarts(Rate{}, Rate{}).Take(one); refusal != nil {
				t.Error(refusal)
			}
		}
	})
}
