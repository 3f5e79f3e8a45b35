package mcp

import (
	"maps"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/gate"
	"websocketd/libwebsocketd/session"
)

// mostIdle is how many processes that serve many clients are remembered before those that have
// ended are looked for.
const mostIdle = 256

// supervisor serves one program.
type supervisor struct {
	runtime  *libwebsocketd.Runtime
	life     Lifetime
	modern   libwebsocketd.Supervisor // of the processes that serve every client of 2026-07-28
	greeted  libwebsocketd.Supervisor // of those that serve every older one, with Shared; else nil
	sessions *session.Sessions        // of the others
	health   health

	numbers atomic.Uint64 // of the calls

	mu       sync.Mutex
	children map[childKey]*everyone
	still    bool // no request is let in for one of them
	gone     bool // another server goes on with them, and with the sessions
}

// childKey says whom a process serves that many clients share.
type childKey struct {
	script, user string
	greeted      bool
}

var (
	_ libwebsocketd.Face    = (*supervisor)(nil)
	_ libwebsocketd.Phraser = (*supervisor)(nil)
	_ libwebsocketd.Ender   = (*supervisor)(nil)
)

// Serve returns a Supervisor for the program, which is its Face, too.
func (l Lifetime) Serve(runtime *libwebsocketd.Runtime) libwebsocketd.Supervisor {
	s := &supervisor{runtime: runtime, life: l.complete(), children: map[childKey]*everyone{}}
	s.sessions = s.life.ofSessions().Sessions(runtime)
	life := s.life.everybody()
	s.modern = life.Serve(runtime)
	if l.Shared {
		s.greeted = life.Serve(runtime)
	}
	return s
}

// Retire lets every process end when nobody needs it any more.
func (s *supervisor) Retire() {
	s.sessions.Retire()
	s.modern.Retire()
	if s.greeted != nil {
		s.greeted.Retire()
	}
}

// End ends every process by the ladder, and returns how many there were.
func (s *supervisor) End() (ended int) {
	ended = s.sessions.End()
	for _, of := range []libwebsocketd.Supervisor{s.modern, s.greeted} {
		if of, ok := of.(libwebsocketd.Ender); ok {
			ended += of.End()
		}
	}
	return ended
}

// Open starts a process for a WebSocket, which has it alone.
func (s *supervisor) Open(call *libwebsocketd.Attach) (libwebsocketd.Endpoint, *gate.Refusal) {
	if !call.MayStart {
		return nil, &gate.Refusal{Status: http.StatusNotFound, Reason: "this program speaks MCP: POST a message of JSON-RPC, or connect a WebSocket with the subprotocol mcp"}
	}
	if refusal := call.CountStart(); refusal != nil {
		return nil, refusal
	}
	own, refusal := s.runtime.StartFor(libwebsocketd.Start{Target: call.Target, For: call.Admitted})
	if refusal != nil {
		return nil, refusal
	}
	call.Log = call.Log.With("pid", own.Pid())
	return own, nil
}

// attachment returns what a process is attached to for a request, in the words of those who
// keep processes. Nothing of the request says where to begin: its headers are MCP's.
func attachment(req *libwebsocketd.Request, after *position) *libwebsocketd.Attach {
	r := req.HTTP.Clone(req.HTTP.Context())
	r.Header.Del("Last-Event-ID")
	r.Header.Del("Cookie")
	r.URL.RawQuery = ""
	if after != nil {
		r.URL.RawQuery = url.Values{"after": {after.String()}, "gap": {"ok"}}.Encode()
	}
	at := req.Target()
	if at.PathInfo = ""; at.ScriptName == "/" {
		at.PathInfo = "/"
	}
	return &libwebsocketd.Attach{Request: r, Target: at, Identity: req.Identity(), Log: req.Log(), Header: http.Header{},
		Admitted: req, MayStart: true, OutOfBand: true, Endings: true}
}

// everyone returns what the process is that serves this and other clients.
func (s *supervisor) everyone(req *libwebsocketd.Request, greeted bool) *everyone {
	key := childKey{script: req.Target().ScriptName, greeted: greeted}
	if s.life.NeedsUsers() {
		key.user = req.Identity().User
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.children[key]
	if e == nil {
		if len(s.children) >= mostIdle {
			maps.DeleteFunc(s.children, func(_ childKey, e *everyone) bool { return s.isGone(e) })
		}
		e = s.newEveryone(key)
		s.children[key] = e
	}
	e.users++
	return e
}

// leave ends what everyone began.
func (s *supervisor) leave(e *everyone) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e.users--
	e.left = time.Now()
}

// isGone reports whether nobody has asked a process for so long that it has ended. What is known of
// one that goes on must be remembered: it has been initialized, and may still answer. s.mu is held.
func (s *supervisor) isGone(e *everyone) bool {
	return e.users == 0 && !s.life.Eager && time.Since(e.left) > s.life.Linger+time.Minute
}
