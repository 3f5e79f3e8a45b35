package session

import (
	"cmp"
	"context"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/gate"
	"websocketd/libwebsocketd/shared"
)

// Sessions are those of one program for a protocol that names them itself, as MCP does by a
// header of its own: without cookies, tickets and URLs. Its methods may be called concurrently.
type Sessions struct{ s *supervisor }

// Sessions returns the Sessions of runtime's program. The caller must call Retire when another
// Lifetime has taken its place.
func (l Lifetime) Sessions(runtime *libwebsocketd.Runtime) *Sessions {
	return &Sessions{l.Serve(runtime).(*supervisor)}
}

// New makes a session, in the environment of the request, and attaches the caller to it. keep
// becomes its Kept, before anybody can find it.
func (s *Sessions) New(call *libwebsocketd.Attach, keep func(*Session) any) (a *Attachment, refusal *gate.Refusal) {
	var refused *gate.Refusal
	_, refusal = s.s.create(call, newPass(), func(x *Session) { x.kept.Store(&kept{keep(x)}) }, func(x *Session) {
		if a, refused = x.tryAttach(call, shared.From{}); a == nil && refused == nil {
			refused = unknown // it was ended before it had begun
		}
	})
	if refusal = cmp.Or(refusal, refused); refusal != nil {
		return nil, refusal
	}
	a.begin()
	return a, nil
}

// Find returns the session of the program at a path with that id, nil if there is none that
// is who's.
func (s *Sessions) Find(path, id string, who libwebsocketd.Identity) *Session {
	if x := s.s.there(path, id); x != nil && x.isFor(who) {
		return x
	}
	return nil
}

// Retire does what the Supervisor of the sessions does.
func (s *Sessions) Retire() { s.s.Retire() }

// End ends every session whose process runs, and returns how many there were.
func (s *Sessions) End() (ended int) { return s.s.End() }

// Mobile is what a protocol keeps with a session, if another server can go on with that.
type Mobile interface {
	// Stand makes it stand still, with nobody attached, until Go is called. After an error there is
	// nothing to go on.
	Stand(ctx context.Context) error
	Go(taken bool)

	// Pass returns what the other server needs of it.
	Pass() []byte
}

// Lift does what that of libwebsocketd.Mover does.
func (s *Sessions) Lift(ctx context.Context) (all []libwebsocketd.Handed, settle func(taken bool), err error) {
	return s.s.Lift(ctx)
}

// TakeOver does what that of libwebsocketd.Mover does. keep makes what is kept with a session of what
// Mobile.Pass has returned, and may fail.
func (s *Sessions) TakeOver(from libwebsocketd.Handed, keep func(x *Session, passed []byte) (any, error)) (begin func(), err error) {
	return s.s.takeOver(from, keep)
}

// kept is what a protocol keeps with a session.
type kept struct{ value any }

// Kept returns what Sessions.New was told to keep; nil for other sessions.
func (x *Session) Kept() any {
	if k := x.kept.Load(); k != nil {
		return k.value
	}
	return nil
}

// Summarizer is what a protocol keeps with a session, if the log tells of it at the session's end.
type Summarizer interface {
	Summary() (about []any) // names and values
}

// summary returns what the log tells of the session besides its process.
func (x *Session) summary() []any {
	if kept, ok := x.Kept().(Summarizer); ok {
		return kept.Summary()
	}
	return nil
}

// Resume attaches the caller after the last message that was confirmed. A refusal with 404 says
// that the session has gone.
func (x *Session) Resume(call *libwebsocketd.Attach) (*Attachment, *gate.Refusal) {
	a, refusal := x.attach(call, shared.Confirmed)
	switch {
	case refusal != nil:
		return nil, refusal
	case a == nil:
		return nil, unknown
	}
	a.begin()
	return a, nil
}
