package session

import (
	"cmp"
	"crypto/rand"
	"encoding/hex"
	"iter"
	"net/http"
	"slices"
	"strconv"
	"sync"

	"websocketd/libwebsocketd/gate"
)

// Registry has everything of a server that outlives a connection: what it is called, whose
// it is, and how many there may be. Programs whose sessions are to be counted together have
// one Registry. Its methods may be called concurrently.
type Registry struct {
	*reservations

	mu     sync.Mutex
	limit  int
	all    map[string]*Session    // by id
	last   uint64                 // the number that was vended last
	served map[string]*supervisor // by the path of a program: where clients find its sessions
}

// NewRegistry returns a Registry with room for that many sessions; not positive is no
// limit.
func NewRegistry(limit int) *Registry {
	return &Registry{reservations: newReservations(), limit: limit, all: map[string]*Session{}, served: map[string]*supervisor{}}
}

// serve records that s is where clients find the sessions of the program at a path.
func (r *Registry) serve(path string, s *supervisor) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.served[path] = s
}

// retire records that s is so no more. It returns the sessions to which no client can come
// back, because there is no other Supervisor at that path.
func (r *Registry) retire(path string, s *supervisor) (lost []*Session) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.served[path] != s {
		return nil
	}
	delete(r.served, path)
	for _, x := range r.all {
		if x.Path == path {
			lost = append(lost, x)
		}
	}
	return lost
}

// SetLimit changes how many sessions there may be. Those that are there stay.
func (r *Registry) SetLimit(limit int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.limit = limit
}

// newID returns 128 random bits.
func newID() string {
	b := make([]byte, 16)
	rand.Read(b) // never fails
	return hex.EncodeToString(b)
}

// add adds a session, and vends its number: 1, 2, and so on, again from 1 when the last
// session is gone. It calls complete when the number is known and nobody sees the session
// yet.
func (r *Registry) add(x *Session, complete func()) *gate.Refusal {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.all[x.ID] != nil {
		return taken
	}
	if r.limit > 0 && len(r.all) >= r.limit && !r.dropEnded() {
		return &gate.Refusal{Status: http.StatusTooManyRequests, RetryAfter: 1,
			Reason: "every one of the " + strconv.Itoa(r.limit) + " sessions that there may be is taken (see --maxsessions): end one, or try again later"}
	}
	r.last++
	x.Number = r.last
	complete()
	r.all[x.ID] = x
	return nil
}

// dropEnded ends the oldest session whose process has ended and that nobody is attached to:
// its clients may never come for the end. It reports whether there was one. r.mu is held.
func (r *Registry) dropEnded() bool {
	var oldest *Session
	for _, x := range r.all {
		if (oldest == nil || x.Number < oldest.Number) && x.hub.Ending() != nil && !x.isAttached() {
			oldest = x
		}
	}
	if oldest == nil {
		return false
	}
	delete(r.all, oldest.ID)
	oldest.hub.End()
	return true
}

// taken is the refusal of an id that a session has already.
var taken = &gate.Refusal{Status: http.StatusConflict, Reason: "this session is there already"}

// remove removes a session. Only the first call for it counts.
func (r *Registry) remove(x *Session) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.all[x.ID] != x {
		return
	}
	delete(r.all, x.ID)
	if len(r.all) == 0 {
		r.last = 0
	}
}

// Find returns the session with an id or, in decimal, a number; nil if there is none.
func (r *Registry) Find(name string) *Session {
	r.mu.Lock()
	defer r.mu.Unlock()
	if x := r.all[name]; x != nil {
		return x
	}
	number, err := strconv.ParseUint(name, 10, 64)
	if err != nil {
		return nil
	}
	for _, x := range r.all {
		if x.Number == number {
			return x
		}
	}
	return nil
}

// byID returns the session with an id, nil if there is none.
func (r *Registry) byID(id string) *Session {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.all[id]
}

// Len returns how many sessions there are.
func (r *Registry) Len() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.all)
}

// All returns the sessions that are there now, by their numbers.
func (r *Registry) All() iter.Seq[*Session] {
	r.mu.Lock()
	all := make([]*Session, 0, len(r.all))
	for _, x := range r.all {
		all = append(all, x)
	}
	r.mu.Unlock()
	slices.SortFunc(all, func(a, b *Session) int { return cmp.Compare(a.Number, b.Number) })
	return slices.Values(all)
}
