package libwebsocketd

import (
	"net/http"
	"strings"

	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/gate"
	"websocketd/libwebsocketd/internal/paths"
	"websocketd/libwebsocketd/internal/text"
)

// At returns a request of the same client for another path, which a Dialect may need. It
// returns a refusal if there is no program, or it does not admit the client.
func (req *Request) At(path string) (*Request, *gate.Refusal) {
	to, refusal := req.server.routePath(path)
	if refusal != nil {
		return nil, refusal
	}
	return req.admitTo(to)
}

// Named returns a request of the same client for the program of a name, wherever that is
// served: one of Config.Programs, or an executable file of Config.Dir by its path below
// that. It returns a refusal with 404 if there is none, and another one if it does not admit
// the client.
func (req *Request) Named(name string) (*Request, *gate.Refusal) {
	to, refusal := req.server.named(name)
	if refusal != nil {
		return nil, refusal
	}
	return req.admitTo(to)
}

// named returns the route to the program of a name.
func (s *programs) named(name string) (route, *gate.Refusal) {
	unknown := newRefusal(http.StatusNotFound, "there is no program "+text.Quote(name))
	if name == "" || hasNUL(name) {
		return route{}, unknown
	}
	for _, p := range s.routes.Load().programs {
		if p.Name == name {
			to := route{program: p, argv: p.Command, scriptName: p.Path}
			if p.Path == "/" {
				to.pathInfo = "/"
			}
			return to, nil
		}
	}
	clean := "/" + name
	if s.own.scripts == "" || paths.Clean(clean) != clean || strings.HasSuffix(name, "/") {
		return route{}, unknown
	}
	to, refusal := findScript(s.own.scripts, clean)
	if refusal != nil || to.pathInfo != "" {
		return route{}, unknown // also for a file that cannot be executed: it is no program
	}
	to.program = s.own
	return to, nil
}

// admitTo returns a request of the same client for another program.
func (req *Request) admitTo(to route) (*Request, *gate.Refusal) {
	from, refusal := req.checkAgain(to)
	if refusal != nil {
		return nil, refusal
	}
	other := req.server.newRequest(req.HTTP, to, from, req.id, req.plainLog, make(http.Header))
	other.Silent = req.Silent
	return other, nil
}

// For returns a request of the same client for what another request is for, which may be over.
// It returns a refusal if the program, as it is served now or was last, does not admit the
// client. Whose that other request is the caller knows.
func (req *Request) For(other *Request) (*Request, *gate.Refusal) {
	to, from := other.to, req.from
	if to.program != nil {
		to.program = req.server.latest(to.program)
		var refusal *gate.Refusal
		if from, refusal = req.checkAgain(to); refusal != nil {
			return nil, refusal
		}
	}
	same := req.server.newRequest(req.HTTP, to, from, req.id, req.plainLog, req.header)
	same.Silent = req.Silent
	return same, nil
}

// checkAgain checks a request that was admitted already as one for another program, and
// returns who it is from for that.
func (req *Request) checkAgain(to route) (from remote, refusal *gate.Refusal) {
	from = req.from
	if refusal = req.server.checkHostFor(req.HTTP, to.program); refusal == nil {
		refusal = to.program.checkOrigin(req.HTTP)
	}
	if refusal == nil {
		refusal = req.server.proveAgain(req, to, &from)
	}
	return from, refusal
}

// proveAgain checks a client whose request was admitted already against what another program
// requires. A ticket proves who it is only once.
func (s *Server) proveAgain(req *Request, to route, from *remote) *gate.Refusal {
	if from.bond != "" && to.scriptName != req.to.scriptName {
		return badTicket
	}
	return s.proveAgainAt(req.HTTP, to, from)
}

// proveAgainAt is proveAgain for a client whose ticket, if it has one, is for no session.
func (s *Server) proveAgainAt(r *http.Request, to route, from *remote) *gate.Refusal {
	refusal := to.program.access.Admits(r, from.Identity)
	if from.User == "" || refusal != nil && !r.URL.Query().Has("token") {
		return s.prove(r, to.program.access, to.scriptName, from) // by another kind, maybe
	}
	return refusal
}

// Converse bridges a program's side, which was opened or started for the request at, and the
// client of a Dialect. It counts what moves, logs the end at once, and returns why it is over
// when both are closed. It must be called by Serve, once at most.
func (req *Request) Converse(at *Request, program, client bridge.Endpoint) (cause error) {
	x := req.talk
	req.server.tellOf(x, at, program)
	settle, cause := bridge.Run(program, client, &x.moved)
	defer settle()
	x.cause, x.told = cause, true
	x.logEnd(x.moved.Traffic(cause))
	return cause
}

// tellOf makes the log, and Conversations, tell which program a conversation is with.
func (l *life) tellOf(x *session, at *Request, program bridge.Endpoint) {
	l.mu.Lock()
	defer l.mu.Unlock()
	x.program, x.log, x.with = program, at.log, at.to.program
	if x.about.Nameless = x.with == nil; !x.about.Nameless {
		x.about.Program = x.with.Name
	}
	if own := processOf(program); own != nil {
		x.about.Pid = own.Pid()
	}
}

// Go runs f in a goroutine that Shutdown waits for. It may be called while the request is
// served, and by what Go runs; Context tells f when to end.
func (req *Request) Go(f func()) { req.server.running.Go(f) }
