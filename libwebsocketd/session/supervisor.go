package session

import (
	"cmp"
	"context"
	"net/http"
	"strings"
	"sync/atomic"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/gate"
	"websocketd/libwebsocketd/shared"
)

// supervisor keeps the sessions of one program.
type supervisor struct {
	runtime  *libwebsocketd.Runtime
	life     Lifetime
	registry *Registry
	shelf    *shared.Shelf
	handed   atomic.Bool // another server goes on with the sessions
}

var _ libwebsocketd.Ender = (*supervisor)(nil)

// Serve returns a Supervisor for the program.
func (l Lifetime) Serve(runtime *libwebsocketd.Runtime) libwebsocketd.Supervisor {
	s := &supervisor{runtime: runtime, life: l.complete(), registry: l.Registry}
	if s.registry == nil {
		s.registry = NewRegistry(runtime.MaxForks())
	}
	s.shelf = shared.NewShelf(runtime.MaxForks(), s.life.History+s.life.KeepFirst)
	s.registry.adopt(s)
	return s
}

// Retire lets the sessions end that no other Supervisor serves: sessions outlive a reload,
// if they have a common registry and the program is still there, and are then those of the
// Supervisor with the new settings.
func (s *supervisor) Retire() {
	grace := orphanTime
	if s.life.Registry == nil { // whatever comes next does not know them
		grace = 0
	}
	s.registry.abandon(s, grace)
}

// End ends every session whose process runs, as Session.End does, and returns how many there
// were. Those of an earlier Supervisor with the same registry are among them.
func (s *supervisor) End() (ended int) {
	for x := range s.registry.ofSupervisor(s) {
		if x.hub.Ending() == nil {
			x.End()
			ended++
		}
	}
	return ended
}

// Open attaches a client to the session that its URL names, or to that of its cookie, or
// to a new one.
func (s *supervisor) Open(call *libwebsocketd.Attach) (libwebsocketd.Endpoint, *gate.Refusal) {
	from, refusal := shared.ReadFrom(call.Request)
	if refusal != nil {
		return nil, refusal
	}
	for {
		a, refusal := s.attach(call, from)
		switch {
		case refusal == unknown:
			return nil, unknownTo(from)
		case refusal == taken: // another request of the same page came first
		case refusal != nil:
			return nil, refusal
		case a != nil:
			return a.begin(), nil
		}
	}
}

// attach attaches a client to the session that it is for, which may be a new one. If it
// returns neither an Attachment nor a refusal, that session has gone meanwhile.
func (s *supervisor) attach(call *libwebsocketd.Attach, from shared.From) (a *Attachment, refusal *gate.Refusal) {
	if s.handed.Load() {
		return nil, gate.HandedOver
	}
	x, p, refusal := s.find(call, from)
	switch {
	case refusal != nil:
		return nil, refusal
	case x != nil:
		return x.attach(call, from)
	case from.Resumes() && !from.Reconnects() && !namesSession(call):
		return nil, unnamed
	case from.Resumes():
		return nil, from.NothingThere()
	case !call.MayStart:
		return nil, unknown
	}
	var refused *gate.Refusal
	_, refusal = s.create(call, p, nil, func(x *Session) {
		if a, refused = x.tryAttach(call, from); a == nil && refused == nil {
			refused = unknown // it was ended before it had begun
		}
	})
	return a, cmp.Or(refusal, refused)
}

// find returns the session a request is for, and nil for a new one, which p is for.
func (s *supervisor) find(call *libwebsocketd.Attach, from shared.From) (x *Session, p pass, refusal *gate.Refusal) {
	r, path := call.Request, call.Target.ScriptName
	all := passes(r, path)
	switch id := r.URL.Query().Get("session"); id {
	case "new":
		x = s.ofCookie(path, call.Identity, all, from.Epoch())
		if x == nil || x.hub.Epoch() != from.Epoch() { // else an EventSource comes back to its session
			return nil, newPass(), nil
		}
		return x, p, nil
	case "":
		if x = s.ofCookie(path, call.Identity, all, from.Epoch()); x != nil {
			return x, p, nil
		}
	default:
		if x = s.there(path, id); x != nil {
			return x, p, x.check(call.Admitted, all)
		}
		refusal = unknown
		all = only(all, id)
	}
	for _, p := range all {
		if s.registry.isOpen(path, &p) {
			return nil, p, nil
		}
	}
	return nil, newPass(), refusal
}

// namesSession reports whether a client knows a session, which may have gone.
func namesSession(call *libwebsocketd.Attach) bool {
	id := call.Request.URL.Query().Get("session")
	return id != "new" && (id != "" || len(passes(call.Request, call.Target.ScriptName)) > 0)
}

// unnamed is the refusal of a client that goes on and does not say with what.
var unnamed = &gate.Refusal{Status: http.StatusNotFound, Reason: "after= goes on with a session, and none was named: by its cookie, or as session=ID"}

// create makes a session and starts its process. It calls made, which may be nil, before anybody can
// find the session, and join, which may attach the first client, before the session can end. The
// answer gets the cookie.
func (s *supervisor) create(call *libwebsocketd.Attach, p pass, made, join func(*Session)) (*Session, *gate.Refusal) {
	if s.runtime.Context().Err() != nil {
		return nil, gate.GoingAway
	}
	if refusal := call.CountStart(); refusal != nil {
		return nil, refusal
	}
	x := s.newSession(call, p)
	refusal := s.registry.add(x, func() {
		x.log = s.runtime.Log().With("session", x.Number)
		x.start = s.startFor(x, call.Target, withoutSecrets(s.runtime.Environ(libwebsocketd.Start{Target: call.Target, For: call.Admitted, Env: x.environment()})))
		x.hub = s.newHub(x, nil)
		if made != nil {
			made(x)
		}
	})
	if refusal != nil {
		return nil, refusal
	}
	if err := x.callCreated(); err != nil {
		x.say(libwebsocketd.LevelError, "not created: "+err.Error())
		x.refused.Store(notCreated)
		x.hub.Fail()
		return nil, notCreated
	}
	x.created = true
	run, refusal := x.hub.Begin(func() {
		if p.until != "" {
			s.registry.use(p.id)
		}
		s.setCookie(call.Header, call.Request, x.Path, pass{id: p.id, secret: p.secret})
		join(x)
	})
	if refusal != nil {
		return nil, refusal
	}
	s.runtime.Go(run)
	return x, nil
}

// notCreated is the refusal of a session that Hooks.Created has not let be.
var notCreated = &gate.Refusal{Status: http.StatusInternalServerError, Reason: "the session could not be created; the log says why", Logged: true}

// newHub returns the hub of a session, a new one or that of another server.
func (s *supervisor) newHub(x *Session, from *shared.Handed) *shared.Hub {
	program := s.runtime.Program()
	o := shared.HubOptions{
		Life: s.life.hubLife(), Hold: true, Stays: s.life.Resume == 0, Strict: true, Marks: shared.Notes(program), Pieces: program.Pieces(),
		Context: s.runtime.Context(), Log: x.log, Category: "session", Shelf: s.shelf,
		Start: s.starter(x), Ended: s.runtime.Ended(), Gone: func() { s.forget(x) }, About: x.summary,
		Pass: x.pass, Continue: func(c *libwebsocketd.Carried, from *libwebsocketd.Handed) (libwebsocketd.Endpoint, error) {
			return s.runtime.Continue(c, from, x.start)
		},
	}
	if s.life.Watch {
		o.Files = shared.FilesOf(x.start.Target.Command(), program.WorkDir)
	}
	if f := s.life.Hooks.AfterBatch; f != nil {
		o.Fed = func() { f(x) }
	}
	if from != nil {
		return shared.Restore(o, from)
	}
	return shared.NewHub(o)
}

// startFor returns how the session's process is started. It has nothing of the request: that may be
// over long before.
func (s *supervisor) startFor(x *Session, at libwebsocketd.Target, environ []string) libwebsocketd.Start {
	return libwebsocketd.Start{Target: at, Owner: x.Owner, Environ: environ, ID: x.ID, History: s.life.History,
		Send: func(ctx context.Context, batch ...libwebsocketd.Message) error { return x.hub.SendUntil(ctx, batch...) }}
}

// starter returns the function that starts the session's process.
func (s *supervisor) starter(x *Session) func() (libwebsocketd.Endpoint, *gate.Refusal) {
	started := false
	return func() (libwebsocketd.Endpoint, *gate.Refusal) {
		p, refusal := s.runtime.StartFor(x.start)
		if refusal != nil {
			if !started {
				x.refused.Store(refusal)
			}
			return nil, refusal
		}
		if !s.life.Watch { // it is not started again
			x.mu.Lock()
			x.start.Environ = nil
			x.mu.Unlock()
		}
		started = true
		x.say(libwebsocketd.LevelAccess, "START", "pid", p.Pid())
		return p, nil
	}
}

// withoutSecrets returns an environment without what may open a session. The server takes
// its own cookies out.
func withoutSecrets(env []string) []string {
	for i, entry := range env {
		if strings.HasPrefix(strings.ToUpper(entry), "HTTP_AUTHORIZATION=BEARER ") {
			return append(env[:i:i], env[i+1:]...)
		}
	}
	return env
}

// forget removes a session to which no client can come back.
func (s *supervisor) forget(x *Session) {
	s.registry.remove(x)
	close(x.gone)
	x.destroy()
}
