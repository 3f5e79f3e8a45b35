package gate

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"sync"
	"time"
)

// MAC stands for secrets without being of use to anyone: it is made with a key that only
// this process has, and so nobody can tell ahead which one a secret gets.
type MAC [sha256.Size]byte

// MACs makes MACs with one key.
type MACs struct{ key [sha256.Size]byte }

// NewMACs returns MACs with a key of their own.
func NewMACs() *MACs {
	m := &MACs{}
	rand.Read(m.key[:])
	return m
}

// Of returns the MAC of some strings, in their order.
func (m *MACs) Of(parts ...string) (mac MAC) {
	h := hmac.New(sha256.New, m.key[:])
	for _, part := range parts { // lengths keep ("a", "b") and ("ab", "") apart
		h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(part))))
		h.Write([]byte(part))
	}
	h.Sum(mac[:0])
	return mac
}

// Memory remembers for a while what proofs were found to be, so that a page does not cost a
// slow check with each of its requests. It keeps MACs of the proofs.
type Memory[V any] struct {
	macs *MACs
	most int

	mu  sync.Mutex
	all map[MAC]kept[V]
}

type kept[V any] struct {
	value V
	until time.Time
}

// NewMemory returns a Memory of so many proofs at most.
func NewMemory[V any](most int) *Memory[V] {
	return &Memory[V]{macs: NewMACs(), most: most, all: map[MAC]kept[V]{}}
}

// Get returns what a proof was found to be, unless that is forgotten.
func (m *Memory[V]) Get(shown Proof) (value V, ok bool) {
	mac := m.mac(shown)
	m.mu.Lock()
	defer m.mu.Unlock()
	found, ok := m.all[mac]
	if !ok || !time.Now().Before(found.until) {
		return value, false
	}
	return found.value, true
}

// Put remembers what a proof was found to be. If there is no room, what would be forgotten
// next is forgotten now.
func (m *Memory[V]) Put(shown Proof, value V, keep time.Duration) {
	mac, now := m.mac(shown), time.Now()
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, known := m.all[mac]; !known && len(m.all) >= m.most {
		m.makeRoomLocked(now)
	}
	m.all[mac] = kept[V]{value: value, until: now.Add(keep)}
}

// makeRoomLocked forgets what is too old, and at least one.
func (m *Memory[V]) makeRoomLocked(now time.Time) {
	var next MAC
	var soonest time.Time
	for mac, r := range m.all {
		if !now.Before(r.until) {
			delete(m.all, mac)
		} else if soonest.IsZero() || r.until.Before(soonest) {
			next, soonest = mac, r.until
		}
	}
	if len(m.all) >= m.most {
		delete(m.all, next)
	}
}

func (m *Memory[V]) mac(shown Proof) MAC {
	return m.macs.Of(shown.Scheme, shown.User, shown.Secret)
}
