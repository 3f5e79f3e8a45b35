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

// How many right proofs are remembered, and how long after they were checked last.
const (
	mostRight = 1024
	keepRight = 5 * time.Minute
)

// wrongProofs slows addresses that show wrong proofs. Only what could be guessed counts: a
// request without a proof is no try. The zero value is ready to use.
//
// No more proofs of an address are checked at once than may be wrong. Further ones wait
// for how these turn out: a page that makes many requests has all of them answered, and
// whoever guesses on many connections at once gets no more tries than on one.
//
// A proof that was right is remembered with the address that has shown it, and is not slowed
// there: others at that address may guess. At any other address it is as good as a guess, so
// that one that is slowed does not learn what is right elsewhere.
type wrongProofs struct {
	once     sync.Once
	right    *Memory[Identity]
	mu       sync.Mutex
	by       *Buckets
	checking map[netip.Addr]*checks // addresses of which a proof is being checked
}

// checks are those of one address that go on.
type checks struct {
	n     int
	ended chan struct{} // closed when one has
}

// try identifies a client, unless too many proofs of its address were wrong.
func (a *Access) try(r *http.Request, from Client, shown Proof) (who Identity, refusal *Refusal) {
	if shown.Scheme == "" || !from.Addr.IsValid() || a.isUnguessable() {
		return a.identify(r, from, shown)
	}
	addr, wrong := network(from.Addr), &a.all.wrong
	wrong.once.Do(wrong.init)
	for {
		if who, ok := wrong.right.Get(shown.at(addr)); ok && a.Takes(who) {
			return a.tryAgain(r, from, shown, addr)
		}
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
}

// isUnguessable reports whether no kind of proof is one that could be guessed.
func (a *Access) isUnguessable() bool {
	return !slices.ContainsFunc(a.kinds, func(k Credential) bool {
		u, ok := k.(Unguessable)
		return !ok || !u.IsUnguessable()
	})
}

// tryNow identifies a client whose check has begun. It remembers a proof that has proved
// something: what is shown beside a certificate has not.
func (a *Access) tryNow(r *http.Request, from Client, shown Proof, addr netip.Addr) (who Identity, refusal *Refusal) {
	defer func() { a.all.wrong.end(addr, isWrong(refusal)) }()
	who, refusal = a.identify(r, from, shown)
	if refusal == nil && who.Proof == shown.Scheme {
		a.all.wrong.right.Put(shown.at(addr), who, keepRight)
	}
	return who, refusal
}

// tryAgain identifies a client whose proof was right. If it is not any more, that counts as
// for any other.
func (a *Access) tryAgain(r *http.Request, from Client, shown Proof, addr netip.Addr) (who Identity, refusal *Refusal) {
	who, refusal = a.identify(r, from, shown)
	if wrong := &a.all.wrong; isWrong(refusal) {
		wrong.right.Put(shown.at(addr), Identity{}, 0)
		wrong.by.Take(addr)
	}
	return who, refusal
}

func isWrong(refusal *Refusal) bool {
	return refusal != nil && refusal.Status == http.StatusUnauthorized
}

// at returns what stands for a proof that is shown at an address.
func (p Proof) at(addr netip.Addr) Proof {
	p.User = addr.String() + " " + p.User
	return p
}

func (w *wrongProofs) init() {
	w.right, w.by, w.checking = NewMemory[Identity](mostRight), NewBuckets(wrongRate), map[netip.Addr]*checks{}
}

// begin begins a check for an address. If it returns a channel, the check must wait: that is
// closed when another one has ended. The refusal is 429.
func (w *wrongProofs) begin(addr netip.Addr) (ended <-chan struct{}, refusal *Refusal) {
	w.mu.Lock()
	defer w.mu.Unlock()
	left, wait := w.by.Left(addr)
	c := w.checking[addr]
	switch {
	case left == 0:
		return nil, &Refusal{Status: http.StatusTooManyRequests, Kind: KindWrongProofs, RetryAfter: seconds(wait),
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
