package libwebsocketd

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"
	"time"

	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/gate"
	"websocketd/libwebsocketd/internal/text"
	"websocketd/libwebsocketd/stdio"
)

// Face is a protocol for clients that ask for a program without a WebSocket
// handshake.
type Face interface {
	// Speaks reports whether a request is of this protocol. p is the program at its path,
	// nil if there is none. Of a program whose Supervisor is a Face that is asked first;
	// then come those of the Config, and the first one that speaks the protocol has it.
	Speaks(r *http.Request, p *Program) bool

	// Serve answers one that was let in.
	Serve(w http.ResponseWriter, req *Request)
}

// Request is a request for a program, let in: Host, route and Origin are right.
type Request struct {
	// HTTP has a Context that is done when the client is gone. Of a plain request,
	// unlike net/http's, it is not done when the client has only closed its sending
	// half.
	HTTP *http.Request

	// Silent is done when nothing more comes from the client: it is gone, or has only
	// closed its sending half. Something that is written to it tells which.
	Silent context.Context

	server *Server
	to     route
	from   remote
	id     string
	log    *slog.Logger
	header http.Header // of the answer
	first  []bridge.Message
}

// Program returns the complete settings of what is asked for; nil if that is no program,
// which happens to a Dialect only. They are not to be changed.
func (req *Request) Program() *Program {
	if req.to.program == nil {
		return nil
	}
	return &req.to.program.Program
}

// Identity returns who the client is.
func (req *Request) Identity() Identity { return req.from.Identity }

// Header returns the header of the answer to come: a 101, a 200, a stream. It may be
// added to until that begins.
func (req *Request) Header() http.Header { return req.header }

// At returns the same client's request for another path, which a Dialect may ask for: the
// program there must let it in.
func (req *Request) At(path string) (*Request, *gate.Refusal) {
	to, refusal := req.server.routePath(path)
	if refusal == nil {
		refusal = to.program.origins.Check(req.HTTP)
	}
	if refusal != nil {
		return nil, refusal
	}
	other := *req
	other.to, other.first = to, nil
	return &other, nil
}

// Runtime returns what a Supervisor of the program would have to work with, for a Dialect
// that starts processes itself; nil if there is no program at the path.
func (req *Request) Runtime() *Runtime {
	if req.to.program == nil {
		return nil
	}
	return &Runtime{server: req.server, program: req.to.program}
}

// Target returns where below its path the program is asked for.
func (req *Request) Target() Target { return Target{req.to.scriptName, req.to.pathInfo, req.to.argv} }

// Context is done when the server is going away.
func (req *Request) Context() context.Context { return req.server.ctx }

// Log is for what concerns this client.
func (req *Request) Log() *slog.Logger { return req.log }

// Refuse answers a request that is not served after all, and says so in the log, unless
// the cause is there already.
func (req *Request) Refuse(w http.ResponseWriter, refusal *gate.Refusal) {
	req.server.refuse(w, req.log, refusal)
}

// Open is the program for this client: what its Lifetime has for the call, else a
// process of its own. Whoever called Open calls Close, or Pipe. A refusal is to be
// answered by Refuse.
func (req *Request) Open(call Attach) (bridge.Endpoint, *gate.Refusal) {
	if req.to.program == nil { // of a Dialect
		return nil, newRefusal(http.StatusNotFound, "no program is served at "+text.Quote(req.HTTP.URL.Path))
	}
	if supervisor := req.to.program.supervisor; supervisor != nil {
		call.Request, call.Log = req.HTTP, req.log
		call.Target = req.Target()
		call.Header, call.Identity = req.header, req.from.Identity
		return supervisor.Open(&call)
	}
	if refusal := req.server.takeTurn(); refusal != nil {
		return nil, refusal
	}
	program, refusal := req.start()
	if refusal != nil {
		req.server.turn.Store(false)
		return nil, refusal
	}
	return program, nil
}

// takeTurn lets a client in to a program. With Once there is one, and one whose
// program cannot be started gives way to the next.
func (s *Server) takeTurn() *gate.Refusal {
	if s.cfg.Once && !s.turn.CompareAndSwap(false, true) {
		return newRefusal(http.StatusServiceUnavailable, "this server serves one client, which has come (--once)")
	}
	return nil
}

// NamesOrigin reports whether the origin of the request stands in Origins, and is not
// only let in by a rule or by *.
func (req *Request) NamesOrigin() bool { return req.to.program.origins.Names(req.HTTP) }

// LastEventID returns the id of the last event a client has had (HTML section
// 9.2.4), "" if it tells none. Stand-ins for EventSource that cannot set a header
// write it into the query; the header wins.
func LastEventID(r *http.Request) string {
	if id := r.Header.Get("Last-Event-ID"); id != "" {
		return id
	}
	query := r.URL.Query()
	return cmp.Or(query.Get("lastEventId"), query.Get("Last-Event-ID"))
}

// Preamble is what the program is to be sent before anything of the client's.
func (req *Request) Preamble() []bridge.Message { return req.first }

// Pipe is PipeEndpoints between its two lines in the log. Shutdown by force
// closes the client.
func (req *Request) Pipe(program, client bridge.Endpoint) (t bridge.Traffic) {
	x := req.session(program, client)
	req.server.converse(x, func() { t = x.run() })
	return t
}

// session is a conversation of this client.
func (req *Request) session(program, client bridge.Endpoint) *session {
	x := &session{program: program, client: client, log: req.log, about: req.about()}
	if own, ok := program.(*stdio.Endpoint); ok {
		x.about.Pid = own.Pid()
	}
	return x
}

// about returns what is known of a conversation that begins now.
func (req *Request) about() Conversation {
	about := Conversation{ID: req.id, Remote: req.from.host, User: req.from.User, Path: req.HTTP.URL.Path, Began: time.Now()}
	if req.to.program != nil {
		about.Program = req.to.program.Name
	}
	return about
}

// serveFace answers a request of a Face, if it is one. Where no program is, files may be.
func (s *Server) serveFace(w http.ResponseWriter, r *http.Request, from remote, id string, log *slog.Logger) bool {
	to, refusal := s.route(r)
	face := s.face(r, to, refusal == nil)
	if face == nil || refusal != nil && refusal.Status == http.StatusNotFound && (s.static != nil || s.console != nil) {
		return false
	}
	if refusal == nil {
		refusal = to.program.origins.CheckPlain(r)
	}
	if refusal == nil && !s.begin() {
		refusal = gate.GoingAway
	}
	if refusal != nil {
		s.refuse(w, log, refusal)
		return true
	}
	defer s.running.Done()
	ctx, settle := untilGone(r)
	defer settle()
	req := s.newRequest(r.WithContext(ctx), to, from, id, log, w.Header())
	req.Silent = r.Context()
	face.Serve(w, req)
	return true
}

// face returns the Face that speaks the protocol of a request, nil if there is none.
func (s *Server) face(r *http.Request, to route, routed bool) Face {
	var p *Program
	if routed {
		p = &to.program.Program
		if own, ok := to.program.supervisor.(Face); ok && own.Speaks(r, p) {
			return own
		}
	}
	for _, face := range s.cfg.Faces {
		if face.Speaks(r, p) {
			return face
		}
	}
	return nil
}

// newRequest makes a Request whose answer will have header; that of a Dialect may have no
// program.
func (s *Server) newRequest(r *http.Request, to route, from remote, id string, log *slog.Logger, header http.Header) *Request {
	if to.program != nil {
		log = to.program.log(log).With("command", to.argv[0])
	}
	log = log.With("origin", gate.Origin(r))
	return &Request{HTTP: r, Silent: r.Context(), server: s, to: to, from: from, id: id, log: log, header: header}
}
