package gate

import (
	"fmt"
	"net/http"
	"net/netip"
	"sync"
)

// Seats counts what each address has at once. It remembers no address that has nothing. A
// nil Seats has no limit.
type Seats struct {
	limit int
	mu    sync.Mutex
	taken map[netip.Addr]int
}

// NewSeats returns Seats of which one address may take limit at once; nil if limit is not
// positive.
func NewSeats(limit int) *Seats {
	if limit <= 0 {
		return nil
	}
	return &Seats{limit: limit, taken: map[netip.Addr]int{}}
}

// Seat is what an address has taken of Seats. The zero value is nothing.
type Seat struct {
	of   *Seats
	addr netip.Addr
}

// Take takes a seat, or refuses with 429. What has no address, like a client of a unix
// socket, is not counted.
func (s *Seats) Take(addr netip.Addr) (Seat, *Refusal) {
	if s == nil || !addr.IsValid() {
		return Seat{}, nil
	}
	addr = network(addr)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.taken[addr] >= s.limit {
		return Seat{}, &Refusal{
			Status: http.StatusTooManyRequests,
			Kind:   KindAddress,
			Reason: fmt.Sprintf("this address has --maxperip=%d conversations and requests going on already: end one and try again,"+
				" or start the server with a larger --maxperip", s.limit),
			RetryAfter: retryAfterFull,
		}
	}
	s.taken[addr]++
	return Seat{s, addr}, nil
}

// Leave gives the seat back. It must be called once.
func (s Seat) Leave() {
	if s.of == nil {
		return
	}
	s.of.mu.Lock()
	defer s.of.mu.Unlock()
	if s.of.taken[s.addr]--; s.of.taken[s.addr] == 0 {
		delete(s.of.taken, s.addr)
	}
}
