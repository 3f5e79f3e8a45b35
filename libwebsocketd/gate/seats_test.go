package gate

import (
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

func TestSeats(t *testing.T) {
	s := NewSeats(2)
	first, _ := s.Take(netip.MustParseAddr("2001:db8::1"))
	if _, refusal := s.Take(netip.MustParseAddr("2001:db8::ffff:0:0:1")); refusal != nil {
		t.Fatal(refusal)
	}
	_, refusal := s.Take(netip.MustParseAddr("2001:db8::2"))
	if refusal == nil || refusal.Status != 429 || refusal.RetryAfter != 1 || !strings.Contains(refusal.Reason, "--maxperip=2 ") {
		t.Errorf("the third of a /64: %+v", refusal)
	}
	for _, other := range []string{"2001:db8:0:1::1", "127.0.0.1", "::ffff:127.0.0.1"} {
		if _, refusal := s.Take(netip.MustParseAddr(other)); refusal != nil {
			t.Errorf("%s: %v", other, refusal)
		}
	}
	if _, refusal := s.Take(netip.MustParseAddr("127.0.0.1")); refusal == nil {
		t.Error("an IPv4 address inside IPv6 is another one")
	}
	first.Leave()
	if _, refusal := s.Take(netip.MustParseAddr("2001:db8::3")); refusal != nil {
		t.Errorf("after one has left: %v", refusal)
	}
}

// TestSeatsOfNobody: without a limit, and without an address, nothing is counted.
func TestSeatsOfNobody(t *testing.T) {
	for s, addr := range map[*Seats]string{NewSeats(0): "127.0.0.1", NewSeats(1): ""} {
		at, _ := netip.ParseAddr(addr)
		for range 3 {
			if seat, refusal := s.Take(at); seat != (Seat{}) || refusal != nil {
				t.Errorf("%q: %v, %v", addr, seat, refusal)
			}
		}
		Seat{}.Leave()
	}
}

// TestSeatsExact: however many come and go at once, no more than the limit have a seat, and
// nothing is remembered at the end.
func TestSeatsExact(t *testing.T) {
	const limit = 5
	s, addr := NewSeats(limit), netip.MustParseAddr("127.0.0.1")
	var inside, most, served atomic.Int64
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			for range 200 {
				seat, refusal := s.Take(addr)
				if refusal != nil {
					continue
				}
				served.Add(1)
				if n := inside.Add(1); n > limit {
					most.Store(n)
				}
				inside.Add(-1)
				seat.Leave()
			}
		})
	}
	all.Wait()
	if most.Load() > 0 || served.Load() == 0 || len(s.taken) != 0 {
		t.Errorf("%d at once, %d served, %d addresses remembered", most.Load(), served.Load(), len(s.taken))
	}
}
