package session

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"maps"
	"strconv"
	"sync"
	"time"
)

const (
	// reservationTime is how long a page may take to connect.
	reservationTime = time.Hour
	// mostUsed is how many reservations of that time are remembered. There are no more
	// than that, so that none is used twice.
	mostUsed = 100_000
)

// reservations promise sessions to pages that have not connected yet. A page that is only
// looked at starts no process and costs the server nothing: the promise is in the page's
// cookie, signed. It may be used once.
type reservations struct {
	key [32]byte // of the signatures; it is as old as the server

	mu   sync.Mutex
	used map[string]time.Time // by id: until when it must be remembered
	look time.Time            // when what is over is forgotten next
}

func newReservations() *reservations {
	r := &reservations{used: map[string]time.Time{}}
	rand.Read(r.key[:]) // never fails
	return r
}

// reserve returns a promise of a session of the program at a path.
func (r *reservations) reserve(path string) pass {
	p := pass{id: newID(), until: strconv.FormatInt(time.Now().Add(reservationTime).Unix(), 36)}
	p.secret = r.sign(path, &p)
	return p
}

// sign returns the secret of a promise.
func (r *reservations) sign(path string, p *pass) string {
	mac := hmac.New(sha256.New, r.key[:])
	mac.Write([]byte(p.id + "." + p.until + "." + path))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// isOpen reports whether p is a promise that may still be used.
func (r *reservations) isOpen(path string, p *pass) bool {
	if p.until == "" || subtle.ConstantTimeCompare([]byte(p.secret), []byte(r.sign(path, p))) != 1 {
		return false
	}
	until, err := strconv.ParseInt(p.until, 36, 64)
	if err != nil || time.Now().Unix() > until {
		return false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.forget(time.Now())
	_, used := r.used[p.id]
	return !used && len(r.used) < mostUsed
}

// use remembers that a promise was kept.
func (r *reservations) use(id string) {
	now := time.Now()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.forget(now)
	r.used[id] = now.Add(reservationTime + time.Minute)
}

// forget forgets, once a minute, the used promises whose time is over. r.mu is held.
func (r *reservations) forget(now time.Time) {
	if now.Before(r.look) {
		return
	}
	r.look = now.Add(time.Minute)
	maps.DeleteFunc(r.used, func(_ string, until time.Time) bool { return now.After(until) })
}
