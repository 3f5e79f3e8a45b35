package session

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"slices"
	"sync"
	"time"
)

// TicketTime is how long a ticket is good for.
const TicketTime = 30 * time.Second

// mostTickets is how many unused tickets of a session there may be; a further one replaces
// the oldest.
const mostTickets = 16

// newSecret returns 256 random bits as text that may stand in a URL.
func newSecret() string {
	b := make([]byte, 32)
	rand.Read(b) // never fails
	return base64.RawURLEncoding.EncodeToString(b)
}

// mostSecrets is how many secrets of a session there may be: that of its maker, and those
// that pages got since. A further one replaces the oldest of the latter.
const mostSecrets = 64

// keys are what opens a session: secrets and tickets. Only hashes are kept.
type keys struct {
	mu      sync.Mutex
	secrets [][sha256.Size]byte // the maker's first
	tickets []ticket            // the oldest first
}

type ticket struct {
	hash [sha256.Size]byte
	ends time.Time
}

// add makes a secret open the session.
func (k *keys) add(secret string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.secrets) == mostSecrets {
		k.secrets = slices.Delete(k.secrets, 1, 2)
	}
	k.secrets = append(k.secrets, sha256.Sum256([]byte(secret)))
}

// opens reports whether secret is one of the session's.
func (k *keys) opens(secret string) (found bool) {
	hash := sha256.Sum256([]byte(secret))
	k.mu.Lock()
	defer k.mu.Unlock()
	for i := range k.secrets {
		found = subtle.ConstantTimeCompare(hash[:], k.secrets[i][:]) == 1 || found
	}
	return found
}

// newTicket returns a ticket: it opens the session once, within TicketTime.
func (k *keys) newTicket() string {
	t := newSecret()
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.tickets) == mostTickets {
		k.tickets = slices.Delete(k.tickets, 0, 1)
	}
	k.tickets = append(k.tickets, ticket{sha256.Sum256([]byte(t)), time.Now().Add(TicketTime)})
	return t
}

// use reports whether a ticket opens the session, which it does once.
func (k *keys) use(text string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	at, good := k.find(text)
	if at >= 0 {
		k.tickets = slices.Delete(k.tickets, at, at+1)
	}
	return good
}

// hasTicket reports whether a ticket is still good.
func (k *keys) hasTicket(text string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	_, good := k.find(text)
	return good
}

// find returns where a ticket is, or -1, and whether it is good; k.mu is held.
func (k *keys) find(text string) (at int, good bool) {
	hash, now := sha256.Sum256([]byte(text)), time.Now()
	at = slices.IndexFunc(k.tickets, func(t ticket) bool { return subtle.ConstantTimeCompare(hash[:], t.hash[:]) == 1 })
	return at, at >= 0 && now.Before(k.tickets[at].ends)
}
