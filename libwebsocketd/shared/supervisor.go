package shared

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/gate"
)

// lease is how long a process is kept, or what it has written after its end, for a
// client that comes back for more.
const lease = 30 * time.Second

// supervisor keeps the hubs of one program, one for each URL that has viewers, and with
// IsolateUser one for each user.
type supervisor struct {
	runtime *libwebsocketd.Runtime
	life    Lifetime
	shelf   *Shelf

	mu      sync.Mutex
	hubs    map[string]*Hub
	retired bool // Retire was called
	handed  bool // another server goes on with the hubs, or is about to
}

var (
	_ libwebsocketd.Ender = (*supervisor)(nil)
	_ libwebsocketd.Mover = (*supervisor)(nil)
)

// Serve returns a Supervisor for the program. With StartEager it starts the process at
// once.
func (l Lifetime) Serve(runtime *libwebsocketd.Runtime) libwebsocketd.Supervisor {
	s := &supervisor{runtime: runtime, life: l.complete(), hubs: map[string]*Hub{}}
	s.shelf = NewShelf(runtime.MaxForks(), s.life.History+s.life.KeepFirst)
	if own, ok := runtime.Own(); ok && s.life.Start == StartEager {
		var h *Hub
		if runtime.IsBegun() {
			h = s.newEager(own) // now: a viewer that resumes must find it, and waits until it runs
		}
		runtime.Go(func() { s.startEager(own, h) })
	}
	return s
}

// startEager starts the process that is there before any viewer. If that fails the
// first viewer tries again. h is nil if another server may have it still.
func (s *supervisor) startEager(own libwebsocketd.Target, h *Hub) {
	if h == nil && s.runtime.AwaitBegun() {
		h = s.newEager(own)
	}
	if h != nil {
		s.begin(h, func() {})
	}
}

// newEager returns the hub of that process, nil if there is one.
func (s *supervisor) newEager(own libwebsocketd.Target) *Hub {
	s.mu.Lock()
	defer s.mu.Unlock()
	nobody := libwebsocketd.Identity{}
	if s.retired || s.handed || s.hubs[key(own, nobody)] != nil {
		return nil
	}
	return s.newHub(own, nobody, nil)
}

// key returns a string that identifies a URL of the program, without the query, and whose
// process there is meant.
func key(at libwebsocketd.Target, owner libwebsocketd.Identity) string {
	return at.ScriptName + "\x00" + at.PathInfo + "\x00" + owner.User
}

// owner returns whose process a client gets: the zero value is everyone's.
func (s *supervisor) owner(who libwebsocketd.Identity) libwebsocketd.Identity {
	if s.life.Isolate != IsolateUser {
		return libwebsocketd.Identity{}
	}
	return who
}

// Open makes a client a viewer of its URL's process, and starts that process if need
// be.
func (s *supervisor) Open(call *libwebsocketd.Attach) (libwebsocketd.Endpoint, *gate.Refusal) {
	if call.SendOnly && s.life.Input != InputAll {
		return nil, &gate.Refusal{Status: http.StatusForbidden, Kind: gate.KindNoInput, Reason: "this program takes no messages from here (see --input)"}
	}
	from, refusal := ReadFrom(call.Request)
	if from.acked {
		refusal = noConfirmation
	}
	if refusal != nil {
		return nil, refusal
	}
	for {
		h, sub, refusal := s.find(call, from)
		if refusal != nil || sub != nil {
			return endpoint(sub), refusal
		}
		select {
		case <-h.Settled(): // it is being started, or ended
		case <-call.Request.Context().Done():
			return nil, &gate.Refusal{Status: http.StatusServiceUnavailable, Kind: gate.KindClientLeft, Reason: "the client has left"}
		case <-s.runtime.Context().Done():
			return nil, gate.GoingAway
		}
	}
}

// endpoint keeps a nil *Subscription from becoming an Endpoint that is not nil.
func endpoint(sub *Subscription) libwebsocketd.Endpoint {
	if sub == nil {
		return nil
	}
	return sub
}

// find attaches a client to the hub of its URL, or to a new one. If it returns neither a
// viewer nor a refusal, the hub takes no viewer yet: wait until it has settled, and try
// again.
func (s *supervisor) find(call *libwebsocketd.Attach, from From) (*Hub, *Subscription, *gate.Refusal) {
	owner := s.owner(call.Identity)
	s.mu.Lock()
	h := s.hubs[key(call.Target, owner)]
	if s.handed {
		s.mu.Unlock()
		return nil, nil, gate.HandedOver
	}
	if h == nil || h.IsOver() && !wantsRecord(call, from) {
		if from.Resumes() || !call.MayStart {
			s.mu.Unlock()
			return nil, nil, from.NothingThere()
		}
		if refusal := call.CountStart(); refusal != nil {
			s.mu.Unlock()
			return nil, nil, refusal
		}
		h = s.newHub(call.Target, owner, nil)
		s.mu.Unlock()
		var sub *Subscription
		refusal := s.begin(h, func() { sub, _ = h.Attach(call, from) })
		return h, sub, refusal
	}
	s.mu.Unlock()
	sub, refusal := h.Attach(call, from)
	return h, sub, refusal
}

// wantsRecord reports whether a client that names a position is attached to what a process has said
// that has ended. One that wants nothing but a process is not.
func wantsRecord(call *libwebsocketd.Attach, from From) bool {
	return from.Resumes() && !call.SendOnly && !call.Endings
}

// newHub adds the hub of a URL, a new one or that of another server; s.mu is held.
func (s *supervisor) newHub(at libwebsocketd.Target, owner libwebsocketd.Identity, from *Handed) *Hub {
	p := s.runtime.Program()
	own, known := s.runtime.Own()
	o := HubOptions{
		Life: s.life, Stays: !s.retired && known && s.life.Start == StartEager && key(own, owner) == key(at, owner),
		Strict: !Notes(p), Marks: Notes(p), Pieces: p.Pieces(), Context: s.runtime.Context(), Shelf: s.shelf,
		Log: s.runtime.Log().With("url", urlOf(at)), Category: "shared", Ended: s.runtime.Ended(),
	}
	if owner.User != "" {
		o.Log = o.Log.With("user", owner.User)
	}
	if s.life.Watch {
		o.Files = FilesOf(at.Command(), p.WorkDir)
	}
	make := NewHub
	if from != nil {
		make = func(o HubOptions) *Hub { return Restore(o, from) }
	}
	var h *Hub
	start := libwebsocketd.Start{Target: at, Owner: owner, History: s.life.History, Send: func(ctx context.Context, batch ...libwebsocketd.Message) error {
		return h.SendUntil(ctx, batch...)
	}}
	o.Start = func() (libwebsocketd.Endpoint, *gate.Refusal) {
		program, refusal := s.runtime.StartFor(start)
		if refusal != nil {
			return nil, refusal
		}
		o.Log.Log(context.Background(), libwebsocketd.LevelAccess, "START", libwebsocketd.CategoryKey, o.Category, "pid", program.Pid())
		return program, nil
	}
	o.Gone = func() { s.forget(key(at, owner), h) }
	o.Pass = func(to Handed) any {
		return handedURL{at.ScriptName, at.PathInfo, at.Command(), owner.User, owner.Proof, to}
	}
	o.Continue = func(c *libwebsocketd.Carried, from *libwebsocketd.Handed) (libwebsocketd.Endpoint, error) {
		return s.runtime.Continue(c, from, start)
	}
	h = make(o)
	s.hubs[key(at, owner)] = h
	return h
}

// urlOf returns a target as the log names it.
func urlOf(at libwebsocketd.Target) string {
	if at.ScriptName == "/" {
		return at.PathInfo
	}
	return at.ScriptName + at.PathInfo
}

// begin starts the first process of a hub. It calls join, which may attach the first
// viewer, before the hub can close.
func (s *supervisor) begin(h *Hub, join func()) *gate.Refusal {
	run, refusal := h.Begin(join)
	if refusal == nil {
		s.runtime.Go(run)
	}
	return refusal
}

// forget removes a hub to which no viewer can be attached any more.
func (s *supervisor) forget(key string, h *Hub) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.hubs[key] == h {
		delete(s.hubs, key)
	}
}

// Retire lets every process end when its last viewer has left.
func (s *supervisor) Retire() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.retired = true
	for _, h := range s.hubs {
		h.Retire()
	}
}

// End ends every process by the ladder, with viewers or without, and returns how many there
// were.
func (s *supervisor) End() (ended int) {
	s.mu.Lock()
	hubs := slices.Collect(maps.Values(s.hubs))
	s.mu.Unlock()
	for _, h := range hubs {
		if !h.isClosing() {
			h.End()
			ended++
		}
	}
	return ended
}

// Count returns how many processes run, and how many are waited for: one after another that has
// ended.
func (s *supervisor) Count() (running, awaited int) {
	s.mu.Lock()
	hubs := slices.Collect(maps.Values(s.hubs))
	s.mu.Unlock()
	for _, h := range hubs {
		switch runs, isOver := h.runs(); {
		case runs:
			running++
		case !isOver:
			awaited++
		}
	}
	return running, awaited
}

// Notes reports whether there may be notes between the messages of a program: they are lines
// for people, whose client does not take every message for the program's.
func Notes(p *libwebsocketd.Program) bool {
	return p.Lines() && p.Stderr != libwebsocketd.StderrTag
}
