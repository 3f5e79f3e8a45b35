package libwebsocketd

import (
	"log/slog"
	"net/http"
	"slices"

	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/exchange"
	"websocketd/libwebsocketd/gate"
	"websocketd/libwebsocketd/internal/text"
	"websocketd/libwebsocketd/logging"
	"websocketd/libwebsocketd/stdio"
	"websocketd/libwebsocketd/ws"
)

// ServeHTTP answers one request. It checks host, route, handshake, origin, credentials and
// slot, then launches and upgrades, in this order; the first step that fails answers.
// The conversation begins after the last. Only the browser client, and who issues tokens, are
// for whoever asks the right host. Whoever writes and keeps no clock of its own has one of two ping
// intervals.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w, settle := exchange.WithClock(w, 2*s.own.PingInterval)
	defer settle()
	id := s.ids.Next()
	from := s.remoteOf(r)
	r = from.Mark(r)
	log := s.cfg.Logger.With("url", s.conceal(r, requestURL(r)), "id", id, "remote", from.host)
	refusal := s.conns.begin(r)
	if refusal == nil {
		defer s.conns.end(r)
		refusal = s.checkHost(r)
	}
	if refusal == nil && s.brake.Wait(r.Context()) {
		w.Header().Set("Connection", "close") // the next one is the other server's
		refusal = s.elsewhere(r)
	}
	if refusal == nil && (s.serveClient(w, r, log) || s.serveResource(w, r, log)) {
		return
	}
	if refusal != nil {
		s.refuse(w, r, log, refusal)
		return
	}
	switch {
	case s.console.serveOwn(w, r, from, log), s.serveLogin(w, r, from, log), s.serveMounted(w, r, from, id, log):
	case !isUpgrade(r), len(s.routes.Load().programs) == 0 && len(s.cfg.Dialects) == 0:
		s.servePlain(w, r, from, id, log)
	default:
		s.serveHandshake(w, r, from, id, log)
	}
}

// serveHandshake answers a WebSocket handshake, for a program or of a Dialect.
func (s *Server) serveHandshake(w http.ResponseWriter, r *http.Request, from remote, id string, log *slog.Logger) {
	if !s.begin() {
		s.refuse(w, r, log, gate.GoingAway)
		return
	}
	on, conn := s.console.onlooker(r), acceptedConn(r.Context())
	var x *session
	defer func() {
		if x == nil { // refused, or a panic
			s.conns.forget(conn)
			on.end()
			s.running.Done()
		}
	}()
	if d := s.dialect(r); d != nil {
		x = s.openDialect(d, w, r, from, id, log, on)
	} else {
		x = s.open(w, r, from, id, log, on)
	}
	if x == nil {
		return
	}
	go func() { // so that net/http need not keep the request as long as the conversation lasts
		defer s.running.Done()
		defer s.conns.forget(conn)
		defer x.seat.Leave()
		defer on.end()
		s.converse(x)
	}()
}

// open does everything that comes before the conversation. It returns nil if it has
// answered the request with something else.
func (s *Server) open(w http.ResponseWriter, r *http.Request, from remote, id string, log *slog.Logger, on *onlooker) (x *session) {
	to, refusal := s.admit(w, r, &from)
	defer func() {
		if x == nil {
			from.seat.Leave()
		}
	}()
	if refusal != nil {
		on.refused(refusal)
		s.refuse(w, r, from.log(log), refusal)
		return nil
	}
	req := s.newRequest(r, to, from, id, on.watch(to, from.User, log), to.program.ownHeader())
	program, refusal := req.Open(Attach{MayStart: true})
	if refusal != nil {
		on.refused(refusal)
		req.Refuse(w, refusal)
		return nil
	}
	to.program.confirm(req.header, r, req.log)
	on.confirm(req.header)
	o := to.program.clientOptions()
	o.First, o.Memory, o.Log = req.first, s.memory, req.log
	if _, o.BoundUnsent = program.(bridge.Broadcast); o.BoundUnsent {
		o.Resume = resumeHint
	}
	if own, ok := program.(*stdio.Endpoint); ok {
		o.Leaving = own.Leaving
	}
	client, err := ws.Upgrade(s.ctx, w, r, upgradable(req.header), o)
	if err != nil {
		logging.At(req.log, logging.LevelAccess, "session", "Unable to Upgrade: "+err.Error())
		program.Close()
		return nil
	}
	return req.session(program, client)
}

// resumeHint ends the reason of 1001 for a client whose messages are numbered.
const resumeHint = "; after=EPOCH:N goes on behind message N"

// ownHeader returns the program's headers of a successful upgrade. The caller may add to
// them.
func (p *program) ownHeader() http.Header {
	if p.Header == nil {
		return make(http.Header)
	}
	return p.Header.Clone()
}

// upgradable returns the header of a 101 without extensions, which the server does not
// speak.
func upgradable(header http.Header) http.Header {
	header.Del("Sec-WebSocket-Extensions")
	return header
}

// confirm puts the chosen subprotocol into the header of a 101.
func (p *program) confirm(header http.Header, r *http.Request, log *slog.Logger) {
	offered := Subprotocols(r)
	if protocol := p.chooseProtocol(offered); protocol != "" {
		header.Set("Sec-WebSocket-Protocol", protocol)
		return
	}
	confirmOwn(header, r)
	if len(offered) > 0 && header.Get("Sec-WebSocket-Protocol") == "" {
		logging.At(log, logging.LevelInfo, "session", "the subprotocol "+text.Quote(offered[0])+
			" is not confirmed, so the client may leave at once: --protocol names those that are, --protocol=* confirms any")
	}
}

// OwnProtocol is a subprotocol that says nothing. The server confirms it if no other one is
// chosen, because browsers want one confirmed where any is offered, and a page that offers
// one to carry its token (gate.BearerPrefix) may have no other.
const OwnProtocol = "websocketd"

// confirmOwn confirms OwnProtocol if a handshake offers it, and nothing is confirmed yet.
func confirmOwn(header http.Header, r *http.Request) {
	if header.Get("Sec-WebSocket-Protocol") == "" && slices.Contains(Subprotocols(r), OwnProtocol) {
		header.Set("Sec-WebSocket-Protocol", OwnProtocol)
	}
}

// chooseProtocol returns the first subprotocol the client offers that is accepted here,
// "" if none is: then the client decides whether to go on (RFC 6455 section 4.1).
func (p *program) chooseProtocol(offered []string) string {
	for _, protocol := range offered {
		if slices.Contains(p.Protocols, protocol) || slices.Contains(p.Protocols, "*") && protocol != OwnProtocol {
			return protocol
		}
	}
	return ""
}

// requestURL returns the URL of a request as it is logged: an http or https scheme, then
// what the client sent, and nothing added. Only the value of token= is left out.
func requestURL(r *http.Request) string {
	scheme := "http"
	if gate.IsSecure(r) {
		scheme = "https"
	}
	return scheme + "://" + r.Host + gate.MaskToken(r.RequestURI)
}
