package libwebsocketd

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"
	"time"

	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/exchange"
	"websocketd/libwebsocketd/gate"
	"websocketd/libwebsocketd/internal/text"
)

// Face is a protocol for clients that reach a program without a WebSocket handshake.
type Face interface {
	// Speaks reports whether a request is of this protocol. p is the program at its path,
	// nil if there is none. The program's Supervisor, if it is a Face, is asked before
	// those of the Config. The first Face that speaks the protocol gets the request; none
	// is asked about GET ?state, see Stater.
	Speaks(r *http.Request, p *Program) bool

	// Serve answers a request that was admitted.
	Serve(w http.ResponseWriter, req *Request)
}

// Phraser is a Face that says in its own words why a request was not admitted.
type Phraser interface {
	// Phrase returns the refusal of a request in other words. It must not change it, and
	// keeps its status, but for that of gate.HandedOver.
	Phrase(r *http.Request, refusal *gate.Refusal) *gate.Refusal
}

// Pageless is a Supervisor that tells those who look for a page at the program's path, where there
// is none, what there is.
type Pageless interface {
	NoPage() *gate.Refusal
}

// phrase returns a refusal in the words of a Face.
func phrase(face Face, r *http.Request, refusal *gate.Refusal) *gate.Refusal {
	if own, ok := face.(Phraser); ok {
		return own.Phrase(r, refusal)
	}
	return refusal
}

// Request is an admitted request for a program: Host, route, Origin and credentials are
// checked.
type Request struct {
	// HTTP has a Context that is done when the client is gone. Unlike that of net/http
	// it is not done when the client of a plain request has only closed its sending
	// half.
	HTTP *http.Request

	// Silent is done when nothing more comes from the client: it is gone, or has only
	// closed its sending half. A write to it shows which.
	Silent context.Context

	server   *Server
	to       route
	from     remote
	id       string
	log      *slog.Logger
	plainLog *slog.Logger // without the user and the program
	header   http.Header  // of the answer
	first    []bridge.Message
	talk     *session // of a Dialect
	face     Face     // that answers it; nil if there is none
}

// Program returns the complete settings of the program; nil if there is none at the path,
// which happens to a Dialect only. The caller must not change them.
func (req *Request) Program() *Program {
	if req.to.program == nil {
		return nil
	}
	return &req.to.program.Program
}

// Settings returns the settings that apply to the request: the program's, or the Config's
// where there is none. The caller must not change them.
func (req *Request) Settings() *Settings { return &req.settings().Settings }

func (req *Request) settings() *program {
	if req.to.program == nil {
		return req.server.own
	}
	return req.to.program
}

// Identity returns who the client is.
func (req *Request) Identity() Identity { return req.from.Identity }

// Remote returns the client's host: its address, or its name if that is known.
func (req *Request) Remote() string { return req.from.host }

// Header returns the header of the answer to come: a 101, a 200, a stream. It may be
// added to until that begins.
func (req *Request) Header() http.Header { return req.header }

// Runtime returns the Runtime of the program, for a Dialect that starts processes itself;
// nil if there is no program at the path.
func (req *Request) Runtime() *Runtime {
	if req.to.program == nil {
		return nil
	}
	return &Runtime{server: req.server, program: req.to.program}
}

// Target returns where below the program's path the request points.
func (req *Request) Target() Target { return Target{req.to.scriptName, req.to.pathInfo, req.to.argv} }

// Gzip returns what compresses answers to the request; nil if nothing does.
func (req *Request) Gzip() *exchange.Gzip {
	if !req.Settings().Gzip {
		return nil
	}
	return req.server.gzip
}

// Context returns a context that is done when the server is going away.
func (req *Request) Context() context.Context { return req.server.ctx }

// Log returns the logger for what concerns this client.
func (req *Request) Log() *slog.Logger { return req.log }

// Refuse answers the request with a refusal, and logs it, unless the log has its cause
// already.
func (req *Request) Refuse(w http.ResponseWriter, refusal *gate.Refusal) {
	if refusal.JSON == nil {
		refusal = phrase(req.face, req.HTTP, refusal)
	}
	req.server.refuse(w, req.HTTP, req.log, refusal)
}

// Open returns the program's endpoint for this client, from its Lifetime if it has one,
// else a new process. The caller must Close it or pass it to Pipe, and answer a refusal
// with Refuse.
func (req *Request) Open(call Attach) (bridge.Endpoint, *gate.Refusal) {
	if req.to.program == nil { // of a Dialect
		return nil, newRefusal(http.StatusNotFound, "no program is served at "+text.Quote(req.HTTP.URL.Path))
	}
	if supervisor := req.to.program.supervisor; supervisor != nil {
		call.Request, call.Log = req.HTTP, req.log
		call.Target = req.Target()
		call.Header, call.Identity, call.Admitted = req.header, req.from.Identity, req
		program, refusal := supervisor.Open(&call)
		req.log = call.Log
		return program, refusal
	}
	if refusal := req.server.takeTurn(); refusal != nil {
		return nil, refusal
	}
	program, refusal := req.start(nil, req.to.program.processOptions())
	if refusal != nil {
		req.server.turn.Store(false)
		return nil, refusal
	}
	return program, nil
}

// takeTurn returns a refusal if, with Once, another client has come before. A client whose
// program cannot be started gives its turn back.
func (s *Server) takeTurn() *gate.Refusal {
	if s.cfg.Once && !s.turn.CompareAndSwap(false, true) {
		return newRefusalOf(gate.KindOnce, "this server serves one client, which has come (--once)")
	}
	return nil
}

// LastEventID returns the id of the last event a client has received (HTML section
// 9.2.4), "" if it sends none. Replacements for EventSource that cannot set a header
// write it into the query; the header wins.
func LastEventID(r *http.Request) string {
	if id := r.Header.Get("Last-Event-ID"); id != "" {
		return id
	}
	query := r.URL.Query()
	return cmp.Or(query.Get("lastEventId"), query.Get("Last-Event-ID"))
}

// Preamble returns what the program must be sent before the client's messages.
func (req *Request) Preamble() []bridge.Message { return req.first }

// Pipe does what PipeEndpoints does, and logs the beginning and the end. A forced
// Shutdown closes the client.
func (req *Request) Pipe(program, client bridge.Endpoint) bridge.Traffic {
	return req.server.converse(req.session(program, client))
}

// session returns the session of a conversation of this client.
func (req *Request) session(program, client bridge.Endpoint) *session {
	x := &session{program: program, client: client, log: req.log, about: req.about(), with: req.to.program, seat: req.from.seat}
	if own := processOf(program); own != nil {
		x.about.Pid = own.Pid()
	}
	return x
}

// about returns the Conversation of a session that begins now.
func (req *Request) about() Conversation {
	about := Conversation{ID: req.id, Remote: req.from.host, User: req.from.User, Path: req.HTTP.URL.Path, Began: time.Now()}
	if about.Nameless = req.to.program == nil; !about.Nameless {
		about.Program = req.to.program.Name
	}
	return about
}

// serveFace answers a request if it is for a Face, and reports whether it has. It leaves
// a path without a program to files and the console.
func (s *Server) serveFace(w http.ResponseWriter, r *http.Request, from remote, id string, log *slog.Logger) bool {
	to, refusal := s.route(r)
	face := s.face(r, to, refusal == nil)
	if face == nil || refusal != nil && refusal.Status == http.StatusNotFound && (s.static != nil || s.console != nil) {
		return false
	}
	if refusal == nil {
		refusal = to.program.origins.CheckPlain(r)
	}
	_, from.asks = face.(stateFace)
	if refusal == nil && !isPreflight(r) {
		refusal = s.letIn(r, to.program, to.scriptName, &from)
	}
	defer from.seat.Leave()
	if refusal == nil && !s.begin() {
		refusal = gate.GoingAway
	}
	if refusal != nil {
		s.refuse(w, r, from.log(log), phrase(face, r, refusal))
		return true
	}
	defer s.running.Done()
	ctx, settle := untilGone(r)
	defer settle()
	req := s.newRequest(r.WithContext(ctx), to, from, id, log, w.Header())
	req.Silent, req.face = r.Context(), face
	defer s.conns.forget(acceptedConn(r.Context())) // the Face may have hijacked it
	face.Serve(w, req)
	return true
}

// face returns the Face that speaks the protocol of a request, nil if there is none.
func (s *Server) face(r *http.Request, to route, routed bool) Face {
	var p *Program
	switch {
	case asksState(r) && routed:
		return stateFace{}
	case asksState(r):
		return nil
	case routed:
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

// newRequest returns a Request whose answer will have header. The Request of a Dialect
// may have no program.
func (s *Server) newRequest(r *http.Request, to route, from remote, id string, log *slog.Logger, header http.Header) *Request {
	plain := log
	log = from.log(log)
	if to.program != nil {
		log = to.program.log(log).With("command", to.argv[0], "origin", gate.Origin(r))
	} else {
		log = log.With("origin", gate.Origin(r))
	}
	return &Request{HTTP: r, Silent: r.Context(), server: s, to: to, from: from, id: id, log: log, plainLog: plain, header: header}
}

// isPreflight reports whether r is a browser's question what a page may do. It has no
// credentials (Fetch, "CORS-preflight request"), and reaches no program: a Face answers.
func isPreflight(r *http.Request) bool {
	return r.Method == http.MethodOptions && r.Header.Get("Access-Control-Request-Method") != ""
}
