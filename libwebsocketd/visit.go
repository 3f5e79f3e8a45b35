package libwebsocketd

import (
	"context"
	"log/slog"
	"net/http"

	"websocketd/libwebsocketd/gate"
)

// Face is a protocol for clients that ask for a program without a WebSocket
// handshake.
type Face interface {
	// Speaks reports whether a request is of this protocol.
	Speaks(r *http.Request) bool

	// Serve answers one that was let in.
	Serve(w http.ResponseWriter, v *Visit)
}

// Visit is a request for a program, let in: Host, route and Origin are right.
type Visit struct {
	Request *http.Request

	server *Server
	to     route
	from   peer
	id     string
	log    *slog.Logger
	first  []Message
}

// Program is the complete settings of what is asked for. They are not to be
// changed.
func (v *Visit) Program() *Program { return &v.to.program.Program }

// Context is done when the server is going away.
func (v *Visit) Context() context.Context { return v.server.ctx }

// Log is for what concerns this client.
func (v *Visit) Log() *slog.Logger { return v.log }

// Refuse answers a request that is not served after all, and says so in the log.
func (v *Visit) Refuse(w http.ResponseWriter, refusal *gate.Refusal) {
	v.server.refuse(w, v.log, refusal)
}

// Open is the program for this client: what its Lifetime has for the call, else a
// process of its own. Whoever called Open calls Close, or Converse. What a refusal
// is about has been logged: Answer it.
func (v *Visit) Open(call Call) (Endpoint, *gate.Refusal) {
	if keeper := v.to.program.keeper; keeper != nil {
		call.Request, call.Log = v.Request, v.log
		call.Place = Place{v.to.scriptName, v.to.pathInfo, v.to.argv}
		program, refusal := keeper.Open(&call)
		if refusal != nil {
			v.server.logRefusal(v.log, refusal)
		}
		return program, refusal
	}
	program, refusal := v.start()
	if refusal != nil {
		return nil, refusal
	}
	return program, nil
}

// Answer sends a refusal of Open.
func (v *Visit) Answer(w http.ResponseWriter, refusal *gate.Refusal) { v.server.answer(w, refusal) }

// First is what the program is to be sent before anything of the client's.
func (v *Visit) First() []Message { return v.first }

// Converse is PipeEndpoints between its two lines in the log. Shutdown by force
// closes the client.
func (v *Visit) Converse(program, client Endpoint) Traffic {
	x := &session{program, client, v.log}
	v.server.enter(x)
	defer v.server.leave(x)
	return x.run()
}

// start is a process for this client alone: one that is ready, or a new one. It
// owns the slot, which is free again when the program's whole group is gone.
func (v *Visit) start() (*ProcessEndpoint, *gate.Refusal) {
	s, p := v.server, v.to.program
	ready, refusal := s.claim(p, v.log)
	if refusal != nil {
		logAt(v.log, LevelError, "http", "Max of possible forks already active, upgrade rejected")
		return nil, refusal
	}
	s.lookup.learn(v.from.addr)
	env := p.env.of(v.Request, v.to, v.from, v.id)
	logEnvironment(v.log, env)
	if refusal := fits(env); refusal != nil {
		s.logRefusal(v.log, refusal)
		s.giveUp(p, ready, v.log)
		return nil, refusal
	}
	proc := ready
	if proc == nil {
		var err error
		if proc, err = s.launch(p, v.to.argv, env); err != nil {
			s.release(p)
			logAt(v.log, LevelError, "process", "Could not launch process: "+err.Error())
			return nil, launchRefusal(err, v.to.argv[0], p, v.Request.RequestURI)
		}
	}
	if p.PreforkRequest {
		v.first = requestLine(env)
	}
	v.log = v.log.With("pid", proc.Pid)
	return newProcessEndpoint(proc, &p.Program, v.log, func() { s.release(p) }), nil
}

// serveFace answers a request of a Face, if it is one.
func (s *Server) serveFace(w http.ResponseWriter, r *http.Request, from peer, id string, log *slog.Logger) bool {
	for _, face := range s.cfg.Faces {
		if face.Speaks(r) {
			return s.visit(face, w, r, from, id, log)
		}
	}
	return false
}

// visit lets a request of a Face in, or refuses it. Where no program is, files may
// be.
func (s *Server) visit(face Face, w http.ResponseWriter, r *http.Request, from peer, id string, log *slog.Logger) bool {
	to, refusal := s.route(r)
	if refusal != nil && refusal.Status == http.StatusNotFound && (s.static != nil || s.console != nil) {
		return false
	}
	if refusal == nil {
		refusal = to.program.origins.CheckPlain(r)
	}
	if refusal != nil {
		s.refuse(w, log, refusal)
		return true
	}
	if !s.begin() {
		s.refuse(w, log, goingAway)
		return true
	}
	defer s.running.Done()
	face.Serve(w, s.newVisit(r, to, from, id, log))
	return true
}

func (s *Server) newVisit(r *http.Request, to route, from peer, id string, log *slog.Logger) *Visit {
	log = to.program.log(log).With("command", to.argv[0], "origin", gate.Origin(r))
	return &Visit{Request: r, server: s, to: to, from: from, id: id, log: log}
}
