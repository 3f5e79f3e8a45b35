package libwebsocketd

import (
	"context"
	"log/slog"
	"maps"
	"net/http"
	"slices"

	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/gate"
	"websocketd/libwebsocketd/internal/after"
	"websocketd/libwebsocketd/internal/text"
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

	// Accept returns how the client is accepted, or why it is refused. Host, handshake,
	// origin and credentials are checked before. req.Program is nil if none is served at
	// the path.
	Accept(req *Request) (Acceptance, *gate.Refusal)

	// Serve holds the conversation. When it returns, no other goroutine may receive from
	// client. The client is then sent 1000, unless it was sent another code before.
	// Shutdown waits for Serve; client.Context is done before that.
	Serve(req *Request, client *ws.Endpoint)
}

// NamesPrograms is a Dialect whose clients name their program after the handshake. Its
// Requests have no program, and Request.Named leads to one. A client is accepted that may
// reach some program. Its messages are held back to no rate; the Dialect does that with
// ws.Endpoint.Adopt, when it knows the program.
type NamesPrograms interface {
	Dialect
	NamesPrograms()
}

// Subprotocols returns the subprotocols that a handshake offers, in its order (RFC 6455
// section 4.1), without an item that carries a token: nobody confirms that.
func Subprotocols(r *http.Request) []string {
	return slices.DeleteFunc(text.Tokens(r.Header.Values("Sec-WebSocket-Protocol")), gate.IsBearer)
}

// Acceptance says how the client of a Dialect is accepted.
type Acceptance struct {
	Protocol string      // the subprotocol to confirm; "" is none
	Header   http.Header // of the 101, in addition to those of the settings and of the Request

	// MaxMessage is how many bytes a message of the client may have; 0 is the MaxFrameSize
	// of the program, or of the Config, negative streams without limit.
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

// openDialect does everything that comes before the conversation with the client of a
// Dialect. It returns nil if it has answered the request with something else.
func (s *Server) openDialect(d Dialect, w http.ResponseWriter, r *http.Request, from remote, id string, log *slog.Logger, on *onlooker) (x *session) {
	req, refusal := s.admitToDialect(d, w, r, &from, id, log)
	defer func() {
		if x == nil {
			from.seat.Leave()
		}
	}()
	var accepted Acceptance
	if refusal == nil {
		accepted, refusal = d.Accept(req)
	}
	if refusal != nil {
		on.refused(refusal)
		s.refuse(w, r, from.log(log), refusal)
		return nil
	}
	log = req.log
	maps.Copy(req.header, accepted.Header)
	if accepted.Protocol != "" {
		req.header.Set("Sec-WebSocket-Protocol", accepted.Protocol)
	}
	confirmOwn(req.header, r)
	on.confirm(req.header)
	client, err := ws.Upgrade(s.ctx, w, r, upgradable(req.header), s.dialectOptions(d, &accepted, req))
	if err != nil {
		logging.At(log, logging.LevelAccess, "session", "Unable to Upgrade: "+err.Error())
		return nil
	}
	x = req.session(nil, client)
	req.talk = x
	x.talk = func() error { return serveDialect(d, req, client) }
	return x
}

// serveDialect lets d hold the conversation, and returns why it ended. The Context of
// net/http's request ends with ServeHTTP, so req gets one that ends with the client.
func serveDialect(d Dialect, req *Request, client *ws.Endpoint) error {
	defer client.Close()
	ctx, cancel := context.WithCancel(context.WithoutCancel(req.HTTP.Context()))
	defer after.Done(client.Context(), cancel)()
	defer cancel()
	req.HTTP, req.Silent = req.HTTP.WithContext(ctx), ctx
	d.Serve(req, client)
	end := error(&bridge.CloseWith{Code: bridge.CloseNormal})
	if cause := context.Cause(client.Context()); cause != nil {
		end = cause
	}
	client.CloseSend(end)
	for {
		if _, err := client.Receive(); err != nil {
			return end
		}
	}
}

// admitToDialect does what admit does, for a path at which there may be no program.
func (s *Server) admitToDialect(d Dialect, w http.ResponseWriter, r *http.Request, from *remote, id string, log *slog.Logger) (*Request, *gate.Refusal) {
	if refusal := checkPath(r.URL.Path); refusal != nil {
		return nil, refusal
	}
	if _, ok := d.(NamesPrograms); ok {
		refusal := ws.CheckHandshake(w, r)
		if refusal == nil {
			refusal = s.letInAnywhere(r, from, false)
		}
		return s.newRequest(r, route{}, *from, id, log, s.own.ownHeader()), refusal
	}
	to, refusal := s.route(r)
	if refusal != nil { // no program: the Config's settings apply
		to = route{}
	}
	settings := s.own
	if to.program != nil {
		settings = to.program
	}
	if refusal = ws.CheckHandshake(w, r); refusal == nil {
		refusal = settings.origins.Check(r)
	}
	if refusal == nil {
		refusal = s.letIn(r, settings, to.scriptName, from)
	}
	if refusal != nil {
		return nil, refusal
	}
	return s.newRequest(r, to, *from, id, log, settings.ownHeader()), nil
}

func (s *Server) dialectOptions(d Dialect, a *Acceptance, req *Request) ws.Options {
	o := ws.Options{
		MaxMessage:   orDefault(a.MaxMessage, req.Settings().MaxFrameSize),
		PingInterval: req.Settings().PingInterval,
		Throttle:     req.Settings().MessageRate.Throttle(),
		Takes:        orDefault(a.Takes, bridge.BothKinds),
		Pong:         a.Pong,
		Memory:       s.memory,
		Log:          req.log,
	}
	if _, later := d.(NamesPrograms); later {
		o.Throttle = nil
	}
	return o
}
