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
	"time"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/gate"
)

// Registry has everything of a server that outlives a connection: what it is called, whose
// it is, and how many there may be. Programs whose sessions are to be counted together have
// one Registry. Its methods may be called concurrently.
type Registry struct {
	*reservations

	mu    sync.Mutex
	limit int
	all   map[string]*Session    // by id
	serve map[string]*supervisor // the latest of a program, by its path
	last  uint64                 // the number that was vended last
	still bool                   // none is added, see setStill

	claimed int           // places that Claim has taken
	yields  []func() bool // see Yield
}

// NewRegistry returns a Registry with room for that many sessions; not positive is no
// limit.
func NewRegistry(limit int) *Registry {
	return &Registry{reservations: newReservations(), limit: limit, all: map[string]*Session{}, serve: map[string]*supervisor{}}
}

// SetLimit changes how many sessions there may be. Those that are there stay.
func (r *Registry) SetLimit(limit int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.limit = limit
}

// Claim takes a place among the sessions for something that outlives a connection and is none
// of this package's, as a call of pow's REST face. free gives the place back; it must be called
// once. Whoever can do without a place later says so by Yield.
func (r *Registry) Claim() (free func(), refusal *gate.Refusal) {
	if refusal := r.take("", func() { r.claimed++ }); refusal != nil {
		return nil, refusal
	}
	return func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.claimed--
	}, nil
}

// Yield registers a function that gives back a place which Claim has taken and nobody needs
// any more, and reports whether there was one. It is called when a place is wanted and there
// is none, by any number of goroutines at once.
func (r *Registry) Yield(f func() (gaveBack bool)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.yields = append(r.yields, f)
}

// take calls f, with r.mu held, if there is a place for one more session, with that id. What is
// claimed and not needed gives way before a session that has ended.
func (r *Registry) take(id string, f func()) *gate.Refusal {
	for mayYield := true; ; {
		r.mu.Lock()
		limit, yields := r.limit, r.yields
		if r.all[id] != nil {
			r.mu.Unlock()
			return taken
		}
		if limit <= 0 || len(r.all)+r.claimed < limit || !mayYield && r.dropEnded() {
			f()
			r.mu.Unlock()
			return nil
		}
		r.mu.Unlock()
		if !mayYield {
			return full(limit)
		}
		mayYield = slices.ContainsFunc(yields, func(yield func() bool) bool { return yield() })
	}
}

func full(limit int) *gate.Refusal {
	return &gate.Refusal{Status: http.StatusTooManyRequests, Kind: gate.KindSessions, RetryAfter: 1,
		Reason: "every one of the " + strconv.Itoa(limit) + " sessions that there may be is taken (see --maxsessions): end one, or try again later"}
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
	var still *gate.Refusal
	refusal := r.take(x.ID, func() {
		if r.still {
			still = gate.HandedOver
			return
		}
		r.last++
		x.Number = r.last
		complete()
		r.all[x.ID] = x
	})
	return cmp.Or(refusal, still)
}

// dropEnded ends the oldest session that is kept for ever though its process has ended and
// nobody is attached to it: its clients may never come for the end. It reports whether
// there was one. r.mu is held.
func (r *Registry) dropEnded() bool {
	var oldest *Session
	for _, x := range r.all {
		if (oldest == nil || x.Number < oldest.Number) && x.life.Load().Resume == 0 && x.hub.Ending() != nil && !x.isAttached() {
			oldest = x
		}
	}
	if oldest == nil {
		return false
	}
	oldest.say(libwebsocketd.LevelAccess, "DROPPED: its end was for a client that has not come, and another session needs its place")
	delete(r.all, oldest.ID)
	oldest.hub.End()
	return true
}

// adopt gives the sessions of a program to the supervisor that serves it from now on: its
// settings are theirs.
func (r *Registry) adopt(s *supervisor) {
	path := s.runtime.Program().Path
	r.mu.Lock()
	defer r.mu.Unlock()
	r.serve[path] = s
	for _, x := range r.all {
		if x.program == path {
			x.life.Store(&s.life)
			x.hub.KeepFor(s.life.Resume)
		}
	}
}

// orphanTime is how long a session that is kept for ever is kept without clients when no URL
// leads to it any more. Tests change it.
var orphanTime = time.Minute

// abandon lets the sessions of a program end that s serves no more, unless another
// supervisor does. What is kept for ever ends when no client has been attached for grace.
func (r *Registry) abandon(s *supervisor, grace time.Duration) {
	path := s.runtime.Program().Path
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.serve[path] != s {
		return
	}
	delete(r.serve, path)
	for _, x := range r.all {
		if x.program == path && x.life.Load().Resume == 0 {
			x.say(libwebsocketd.LevelAccess, "ABANDONED: its program is served no more; it ends when no client has been attached for "+grace.String())
			x.hub.Expire(grace)
		}
	}
}

// taken is the refusal of an id that a session has already.
var taken = &gate.Refusal{Status: http.StatusConflict, Kind: gate.KindSessionTaken, Reason: "this session is there already"}

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

// ofSupervisor returns the sessions that a supervisor serves, or has served last.
func (r *Registry) ofSupervisor(s *supervisor) iter.Seq[*Session] {
	path := s.runtime.Program().Path
	r.mu.Lock()
	defer r.mu.Unlock()
	var all []*Session
	if now := r.serve[path]; now == s || now == nil {
		for _, x := range r.all {
			if x.program == path {
				all = append(all, x)
			}
		}
	}
	return slices.Values(all)
}
