package libwebsocketd

import (
	"context"
	"slices"
	"strings"
	"time"

	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/process"
	"websocketd/libwebsocketd/stdio"
)

// Conversation describes a conversation that is running, or has just ended.
type Conversation struct {
	ID      string // UNIQUE_ID, and "id" in the log
	Remote  string // the client's address, or its name where that is known
	User    string // see Identity
	Program string // its Name; "" is the Config's own, or with Nameless none
	Path    string // the URL path that was asked for
	Pid     int    // of the process, if that is the client's alone; else 0
	Began   time.Time

	Nameless bool // a Dialect has not been told yet which program it is for

	// Traffic counts what has moved so far. Its Cause is set at the end.
	bridge.Traffic
}

// Conversations returns the running conversations, oldest first, with their counts at the
// moment of the call. It may be called at any time.
func (s *Server) Conversations() []Conversation {
	s.mu.Lock()
	all := make([]Conversation, 0, len(s.sessions))
	for x := range s.sessions {
		if x.about.ID != "" { // "" is a feed of the console
			all = append(all, x.conversation())
		}
	}
	s.mu.Unlock()
	slices.SortFunc(all, func(a, b Conversation) int {
		if order := a.Began.Compare(b.Began); order != 0 {
			return order
		}
		return strings.Compare(a.ID, b.ID)
	})
	return all
}

// Kick ends the conversations with an ID, and reports whether there were any. The client
// is sent a close code and a reason, and its program ends as if the client had left. The
// code must be 1000, 1008, or one from 3000 to 4999 (RFC 6455 section 7.4); with another Kick
// does nothing. It does not wait.
func (s *Server) Kick(id string, code int, reason string) bool {
	if id == "" || code != bridge.CloseNormal && code != bridge.ClosePolicyViolation && (code < 3000 || code > 4999) {
		return false
	}
	return s.kick(func(x *session) bool { return x.about.ID == id }, &bridge.RefusedError{Code: code, Reason: reason}) > 0
}

// Observer is notified of what happens in a Server, to count it. Its methods may be
// called by any number of goroutines at once and must not block. For the traffic of
// running conversations see Server.Conversations.
type Observer interface {
	Began(c Conversation)
	Ended(c Conversation)                         // once it is over, with its Cause
	Refused(status int)                           // a request was answered with a refusal
	Exited(program string, ending process.Ending) // nothing of a started process remains

	// Started is called when a process has started that is bridged; no CGI script is. The Tap
	// that it returns is shown what the process writes; nil is none.
	Started(p Process) stdio.Tap

	// Failed is called when a process could not be started, with the reason for the log.
	Failed(p Process, why string)
}

// Process describes a process to an Observer.
type Process struct {
	Program string // the Name of its Program; "" is the Config's own
	ID      string // of the Conversation or the session that it is for; "" if it is for all clients
	Pid     int    // 0 if it has failed to start
	History int    // bytes of its output that its Lifetime keeps; 0 if it keeps none

	// Send sends messages to the process, between those of its clients. It gives up when ctx
	// is done. nil if the process takes nothing but what its one client sends.
	Send func(ctx context.Context, batch ...bridge.Message) error
}

// observe reports the start of a process to the Observer, and sets o's Tap. Its Ended also
// reports the process's end to the Observer.
func (s *Server) observe(p Process, o *stdio.Options, ended func(process.Ending)) {
	o.Ended = ended
	watch := s.cfg.Observer
	if watch == nil {
		return
	}
	o.Tap = watch.Started(p)
	o.Ended = func(ending process.Ending) {
		watch.Exited(p.Program, ending)
		if ended != nil {
			ended(ending)
		}
	}
}

// observeFailure reports to the Observer that a process could not be started.
func (s *Server) observeFailure(p Process, why string) {
	if watch := s.cfg.Observer; watch != nil {
		watch.Failed(p, why)
	}
}

// converse runs a conversation, lists it meanwhile, and notifies the Observer.
func (s *Server) converse(x *session) bridge.Traffic {
	watch := s.cfg.Observer
	s.enter(x)
	if watch != nil {
		s.measure(x)
		watch.Began(x.about)
	}
	t := x.run()
	if watch != nil { // before it leaves the list: what counts both must not miss it
		over := x.conversation()
		over.Traffic = t
		watch.Ended(over)
	}
	s.leave(x)
	return t
}
