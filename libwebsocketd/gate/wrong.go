package gate

import (
	"net/http"
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
type wrongProofs struct {
	once sync.Once
	by   *Buckets
}

func (w *wrongProofs) buckets() *Buckets {
	w.once.Do(func() { w.by = NewBuckets(wrongRate) })
	return w.by
}

// slow refuses a proof with 429, unchecked, if too many from the address were wrong. One that
// is remembered as right is not slowed: others may use the same address.
func (a *Access) slow(from Client, shown Proof) *Refusal {
	if shown.Scheme == "" {
		return nil
	}
	wait := a.all.wrong.buckets().Lack(from.Addr)
	if wait == 0 || slices.ContainsFunc(a.kinds, func(k Credential) bool {
		r, ok := k.(Rememberer)
		return ok && r.Remembers(shown)
	}) {
		return nil
	}
	return &Refusal{Status: http.StatusTooManyRequests, RetryAfter: seconds(wait),
		Reason: "too many wrong passwords or tokens came from this address: try again later"}
}

// noteWrong counts a proof that was refused.
func (a *Access) noteWrong(from Client, shown Proof, refusal *Refusal) {
	if shown.Scheme != "" && refusal.Status == http.StatusUnauthorized {
		a.all.wrong.buckets().Take(from.Addr)
	}
}
