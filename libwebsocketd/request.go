package libwebsocketd

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"

	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/gate"
)

// Face is a protocol for clients that ask for a program without a WebSocket
// handshake.
type Face interface {
	// Speaks reports whether a request is of this protocol.
	Speaks(r *http.Request) bool

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
	first  []bridge.Message
}

// Program is the complete settings of what is asked for. They are not to be
// changed.
func (req *Request) Program() *Program { return &req.to.program.Program }

// Context is done when the server is going away.
func (req *Request) Context() context.Context { return req.server.ctx }

// Log is for what concerns this client.
func (req *Request) Log() *slog.Logger { return req.log }

// Refuse answers a request that is not served after all, and says so in the log, unless
// the cause is there already.
func (req *Request) Refuse(w http.ResponseWriter, refusal *gate.Refusal) {
	refuse(w, req.log, refusal)
}

// Open is the program for this client: what its Lifetime has for the call, else a
// process of its own. Whoever called Open calls Close, or Pipe. A refusal is to be
// answered by Refuse.
func (req *Request) Open(call Attach) (bridge.Endpoint, *gate.Refusal) {
	if supervisor := req.to.program.supervisor; supervisor != nil {
		call.Request, call.Log = req.HTTP, req.log
		call.Target = Target{req.to.scriptName, req.to.pathInfo, req.to.argv}
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
func (req *Request) Pipe(program, client bridge.Endpoint) bridge.Traffic {
	x := &session{program, client, req.log}
	req.server.enter(x)
	defer req.server.leave(x)
	return x.run()
}

// serveFace answers a request of a Face, if it is one.
func (s *Server) serveFace(w http.ResponseWriter, r *http.Request, from remote, id string, log *slog.Logger) bool {
	for _, face := range s.cfg.Faces {
		if face.Speaks(r) {
			return s.serveRequest(face, w, r, from, id, log)
		}
	}
	return false
}

// serveRequest lets a request of a Face in, or refuses it. Where no program is, files may
// be.
func (s *Server) serveRequest(face Face, w http.ResponseWriter, r *http.Request, from remote, id string, log *slog.Logger) bool {
	to, refusal := s.route(r)
	if refusal != nil && refusal.Status == http.StatusNotFound && (s.static != nil || s.console != nil) {
		return false
	}
	if refusal == nil {
		refusal = to.program.origins.CheckPlain(r)
	}
	if refusal != nil {
		refuse(w, log, refusal)
		return true
	}
	if !s.begin() {
		refuse(w, log, gate.GoingAway)
		return true
	}
	defer s.running.Done()
	ctx, settle := untilGone(r)
	defer settle()
	req := s.newRequest(r.WithContext(ctx), to, from, id, log)
	req.Silent = r.Context()
	face.Serve(w, req)
	return true
}

func (s *Server) newRequest(r *http.Request, to route, from remote, id string, log *slog.Logger) *Request {
	log = to.program.log(log).With("command", to.argv[0], "origin", gate.Origin(r))
	return &Request{HTTP: r, Silent: r.Context(), server: s, to: to, from: from, id: id, log: log}
}
