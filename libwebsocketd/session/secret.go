package session

import (
	"crypto/sha256"
	"crypto/subtle"
	"slices"
	"sync"
)

// mostSecrets is how many secrets of a session there may be: that of its maker, and those
// that pages got since. A further one replaces the oldest of the latter.
const mostSecrets = 64

// keys are the secrets that open a session. Only hashes are kept.
type keys struct {
	mu      sync.Mutex
	secrets [][sha256.Size]byte // the maker's first
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
