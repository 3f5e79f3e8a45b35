package gate

import (
	"fmt"
	"math"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Starts limits how often processes are started, for one address and for all clients
// together. A nil Starts has no limit.
type Starts struct {
	each    *Buckets
	mu      sync.Mutex // of all: held from the look at it until the token is taken
	all     *rate.Limiter
	allRate Rate
}

// NewStarts returns Starts with two limits; nil if neither is one.
func NewStarts(each, all Rate) *Starts {
	if each == (Rate{}) && all == (Rate{}) {
		return nil
	}
	s := &Starts{each: NewBuckets(each), allRate: all}
	if all != (Rate{}) {
		s.all = all.limiter()
	}
	return s
}

// Take counts a start for a client, or refuses it with 429. A client without an address
// counts among all.
func (s *Starts) Take(addr netip.Addr) *Refusal {
	if s == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.all != nil {
		if wait := lack(s.all); wait > 0 {
			return tooOften(wait, fmt.Sprintf("processes are started at no more than %s for all clients together", s.allRate))
		}
	}
	if wait := s.each.Take(addr); wait > 0 {
		return tooOften(wait, fmt.Sprintf("processes are started at no more than %s for one address", s.each.rate))
	}
	if s.all != nil {
		s.all.Allow()
	}
	return nil
}

func tooOften(wait time.Duration, reason string) *Refusal {
	return &Refusal{Status: http.StatusTooManyRequests, Kind: KindStarts, Reason: reason + " (--spawnrate): try again later", RetryAfter: seconds(wait)}
}

// seconds returns a time as Retry-After has it, rounded up.
func seconds(d time.Duration) int { return int(math.Ceil(d.Seconds())) }
