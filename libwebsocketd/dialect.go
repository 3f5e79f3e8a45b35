package libwebsocketd

import (
	"log/slog"
	"maps"
	"net/http"

	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/gate"
	"websocketd/libwebsocketd/logging"
	"websocketd/libwebsocketd/ws"
)

// Dialect is a protocol over WebSocket that a client speaks instead of a program's own
// messages. It gets the upgraded connection before any program is opened, and opens what
// it needs with Request.Open, Request.At and Request.Runtime.
type Dialect interface {
	// Speaks reports whether a handshake is of this protocol: by its subprotocol (see
	// Subprotocols), or by its path. p is the program at the path, nil if there is none.
	// The first Dialect that speaks the protocol gets the handshake.
	Speaks(r *http.Request, p *Program) bool

	// Accept returns how the client is accepted, or why it is refused. Host, identity,
	// handshake and origin are checked before. req.Program is nil if none is served at
	// the path.
	Accept(req *Request) (Acceptance, *gate.Refusal)

	// Serve holds the conversation. When it returns, no other goroutine may receive from
	// client. The client is then sent 1000, unless it was sent another code before.
	// Shutdown waits for Serve; client.Context is done before that.
	Serve(req *Request, client *ws.Endpoint)
}

// Subprotocols returns those a handshake offers, in its order (RFC 6455 section 4.1).
func Subprotocols(r *http.Request) []string {
	return tokens(r.Header.Values("Sec-WebSocket-Protocol"))
}

// Acceptance says how the client of a Dialect is accepted.
type Acceptance struct {
	Protocol string      // the subprotocol to confirm; "" is none
	Header   http.Header // of the 101, in addition to those of the settings and of the Request

	// MaxMessage is how many bytes a message of the client may have; 0 is
	// DefaultMaxFrameSize, negative streams without limit.
	MaxMessage int64
	// Takes are the kinds of messages; 0 is both.
	Takes bridge.Kind
	// Pong is called with the payload of each pong; it must not block. May be nil.
	Pong func(payload []byte)
}

// dialect returns the Dialect of a handshake, nil if there is none.
func (s *Server) dialect(r *http.Request) Dialect {
	if len(s.cfg.Dialects) == 0 {
		return nil
	}
	var p *Program
	if to, refusal := s.route(r); refusal == nil {
		p = &to.program.Program
	}
	for _, d := range s.cfg.Dialects {
		if d.Speaks(r, p) {
			return d
		}
	}
	return nil
}

// serveDialect answers a handshake if it is of a Dialect, and reports whether it is.
func (s *Server) serveDialect(w http.ResponseWriter, r *http.Request, from remote, id string, log *slog.Logger) bool {
	d := s.dialect(r)
	if d != nil {
		s.letIn(d, w, r, from, id, log)
	}
	return d != nil
}

// letIn lets the client of a Dialect in, or refuses it.
func (s *Server) letIn(d Dialect, w http.ResponseWriter, r *http.Request, from remote, id string, log *slog.Logger) {
	req, refusal := s.admitToDialect(w, r, from, id, log)
	if refusal != nil {
		s.refuse(w, log, refusal)
		return
	}
	accepted, refusal := d.Accept(req)
	if refusal != nil {
		s.refuse(w, req.log, refusal)
		return
	}
	if !s.begin() {
		s.refuse(w, req.log, gate.GoingAway)
		return
	}
	client, err := ws.Upgrade(s.ctx, w, r, s.dialectHeader(&accepted, req), s.dialectOptions(&accepted, req))
	if err != nil {
		s.running.Done()
		s.conns.forget(acceptedConn(r.Context()))
		logging.At(req.log, logging.LevelAccess, "session", "Unable to Upgrade: "+err.Error())
		return
	}
	conn := acceptedConn(r.Context())
	go func() { // as in serveHandshake
		defer s.running.Done()
		defer s.conns.forget(conn)
		s.converse(req.session(nil, client), func() {
			defer client.Close()
			d.Serve(req, client)
			endClient(client)
		})
	}()
}

// endClient sends a client its close, unless the Dialect has done so, and waits for its
// end.
func endClient(client *ws.Endpoint) {
	client.CloseSend(&bridge.CloseWith{Code: bridge.CloseNormal})
	for {
		if _, err := client.Receive(); err != nil {
			return
		}
	}
}

// admitToDialect does what admit does, for a path at which there may be no program.
func (s *Server) admitToDialect(w http.ResponseWriter, r *http.Request, from remote, id string, log *slog.Logger) (*Request, *gate.Refusal) {
	to, refusal := s.route(r)
	if refusal != nil { // no program: the Config's settings apply
		to = route{}
	}
	origins := s.own.origins
	if to.program != nil {
		origins = to.program.origins
	}
	if refusal = checkHandshake(w, r); refusal == nil {
		refusal = origins.Check(r)
	}
	if refusal != nil {
		return nil, refusal
	}
	return s.newRequest(r, to, from, id, log, make(http.Header)), nil
}

// dialectHeader returns what goes into the 101 besides the handshake: the settings'
// headers, those of the Request, those of the Dialect.
func (s *Server) dialectHeader(a *Acceptance, req *Request) http.Header {
	header := make(http.Header)
	for _, more := range []http.Header{s.settingsOf(req).Header, req.header, a.Header} {
		maps.Copy(header, more)
	}
	if a.Protocol != "" {
		header.Set("Sec-WebSocket-Protocol", a.Protocol)
	}
	return header
}

// settingsOf returns those of the program at the path, else the Config's own.
func (s *Server) settingsOf(req *Request) *Program {
	if p := req.Program(); p != nil {
		return p
	}
	return &s.own.Program
}

func (s *Server) dialectOptions(a *Acceptance, req *Request) ws.Options {
	return ws.Options{
		MaxMessage:   orDefault(a.MaxMessage, DefaultMaxFrameSize),
		PingInterval: s.settingsOf(req).PingInterval,
		Takes:        orDefault(a.Takes, bridge.BothKinds),
		Pong:         a.Pong,
		Memory:       s.memory,
		Log:          req.log,
	}
}
