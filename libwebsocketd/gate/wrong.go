package gate

import (
	"net/http"
	"net/netip"
	"slices"
	"sync"
	"time"
)

// wrongRate is how many wrong proofs one address may show: ten, and one more every five
// seconds. Ten are enough for somebody who mistypes, or for a page that makes ten requests
// at once with an old password.
var wrongRate = Rate{N: 10, Per: 50 * time.Second}

// wrongProofs slows addresses that show wrong proofs. Only what could be guessed counts: a
// request without a proof is no try. The zero value is ready to use.
//
// No more proofs of an address are checked at once than may be wrong. Further ones wait
// for how these turn out: a page that makes many requests has all of them answered, and
// whoever guesses on many connections at once gets no more tries than on one.
type wrongProofs struct {
	mu       sync.Mutex
	by       *Buckets
	checking map[netip.Addr]*checks // addresses of which a proof is being checked
}

// checks are those of one address that go on.
type checks struct {
	n     int
	ended chan struct{} // closed when one has
}

// try identifies a client, unless too many proofs of its address were wrong. One that is
// remembered as right is not slowed: others may use the same address.
func (a *Access) try(r *http.Request, from Client, shown Proof) (who Identity, refusal *Refusal) {
	if shown.Scheme == "" || !from.Addr.IsValid() {
		return a.identify(r, from, shown)
	}
	for addr, wrong := network(from.Addr), &a.all.wrong; !a.remembers(shown); {
		ended, refusal := wrong.begin(addr)
		switch {
		case refusal != nil:
			return Identity{}, refusal
		case ended == nil:
			return a.tryNow(r, from, shown, addr)
		}
		select {
		case <-ended:
		case <-r.Context().Done():
			return Identity{}, tooManyChecks
		}
	}
	return a.identify(r, from, shown)
}

// tryNow identifies a client whose check has begun.
func (a *Access) tryNow(r *http.Request, from Client, shown Proof, addr netip.Addr) (who Identity, refusal *Refusal) {
	defer func() { a.all.wrong.end(addr, refusal != nil && refusal.Status == http.StatusUnauthorized) }()
	return a.identify(r, from, shown)
}

// remembers reports whether one of the kinds knows without a check that a proof is right.
func (a *Access) remembers(shown Proof) bool {
	return slices.ContainsFunc(a.kinds, func(k Credential) bool {
		r, ok := k.(Rememberer)
		return ok && r.Remembers(shown)
	})
}

// begin begins a check for an address. If it returns a channel, the check must wait: that is
// closed when another one has ended. The refusal is 429.
func (w *wrongProofs) begin(addr netip.Addr) (ended <-chan struct{}, refusal *Refusal) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.by == nil {
		w.by, w.checking = NewBuckets(wrongRate), map[netip.Addr]*checks{}
	}
	left, wait := w.by.Left(addr)
	c := w.checking[addr]
	switch {
	case left == 0:
		return nil, &Refusal{Status: http.StatusTooManyRequests, RetryAfter: seconds(wait),
			Reason: "too many wrong passwords or tokens came from this address: try again later"}
	case c == nil:
		c = &checks{ended: make(chan struct{})}
		w.checking[addr] = c
	case c.n >= left:
		return c.ended, nil
	}
	c.n++
	return nil, nil
}

// end ends a check.
func (w *wrongProofs) end(addr netip.Addr, wrong bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if wrong {
		w.by.Take(addr)
	}
	c := w.checking[addr]
	close(c.ended)
	if c.n--; c.n == 0 {
		delete(w.checking, addr)
	}
	c.ended = make(chan struct{})
}
