package libwebsocketd

import (
	"net/http"

	"websocketd/libwebsocketd/gate"
)

// badTicket is the refusal of a token= that is no ticket, or not any more.
var badTicket = newRefusalOf(gate.KindSecret, "token= takes a ticket that is still good: each is good once, for 30 seconds; "+
	"a lasting token has its place in Authorization, or in an item of Sec-WebSocket-Protocol")

// letIn checks the credentials of a request for a program, and takes a seat for it. The
// caller must call from.seat.Leave at the end, also after a refusal.
func (s *Server) letIn(r *http.Request, p *program, at string, from *remote) *gate.Refusal {
	if refusal := s.prove(r, p.access, at, from); refusal != nil {
		return refusal
	}
	return from.sit(s.seats)
}

// letInAnywhere checks the origin and the credentials of a request that leads to a program by
// its name, which is not known yet, and takes a seat for it. It lets in whoever may reach some
// program: the origins of any of them, and every kind of credentials, are as good. A client
// that shows nothing is refused if each program wants something. What the program requires is
// checked by Named. The origin of one who is led to a page is not checked.
func (s *Server) letInAnywhere(r *http.Request, from *remote, led bool) *gate.Refusal {
	refusal, open := s.checkOrigin(r), false
	if led {
		refusal = nil
	}
	for _, p := range s.routes.Load().programs {
		if refusal != nil && p.checkOrigin(r) == nil {
			refusal = nil
		}
		open = open || p.access == nil
	}
	a := s.anyone
	if open {
		a = a.OrNobody()
	}
	if refusal == nil && !isPreflight(r) {
		refusal = s.prove(r, a, "", from)
	}
	if refusal != nil {
		return refusal
	}
	return from.sit(s.seats)
}

// prove sets who a request is from, or returns why it is refused. A good ticket, and the
// cookie of a login, count before what is shown besides, which may be the secret of a session.
// But where a proxy or a certificate names another user, the cookie is of one who was there
// before. at is the path of the program that the request is for, "" if it is for none.
func (s *Server) prove(r *http.Request, a *gate.Access, at string, from *remote) (refusal *gate.Refusal) {
	if a == nil {
		return nil
	}
	if query := r.URL.Query(); query.Has("token") {
		if !s.proveByTicket(r, query.Get("session"), at, from) {
			return badTicket
		}
		return a.Admits(r, from.Identity)
	}
	if who, ok := s.loggedIn(r); ok && a.Takes(who) && !a.Contradicts(who, r, from.Client) {
		from.Identity = who
		return a.Admits(r, who)
	}
	from.Identity, refusal = a.Check(r, from.Client)
	return refusal
}

// proveByTicket sets who a request is from, and reports whether its ticket is good here. It
// is used up, unless the request only asks for the state of what it is about to connect to.
func (s *Server) proveByTicket(r *http.Request, session, at string, from *remote) bool {
	bond := ""
	who, ok := s.redeem(r, bond, from.asks)
	if !ok && at != "" {
		bond = bondOf(at, session)
		who, ok = s.redeem(r, bond, from.asks)
	}
	if !ok || !s.cfg.Credentials.Knows(who) {
		return false
	}
	from.Identity, from.bond = who, bond
	return true
}

// bondOf names what the ticket of a session is for: that session of the program at a path.
func bondOf(at, session string) string { return at + "?session=" + session }

// redeem returns whose the ticket of a request is.
func (s *Server) redeem(r *http.Request, bond string, keep bool) (who Identity, ok bool) {
	return s.logins.Redeem(r.URL.Query().Get("token"), bond, keep)
}

// Ticket returns a ticket for a session of the program, by which another request opens it
// once (token=), within gate.TicketTime. It proves who the client of this request is, too.
func (req *Request) Ticket(session string) string {
	return req.server.logins.Ticket(req.from.Identity, bondOf(req.to.scriptName, session))
}

// Redeem reports whether the request has a ticket for a session of the program, and uses it
// up, unless only the state is asked for.
func (req *Request) Redeem(session string) bool {
	bond := bondOf(req.to.scriptName, session)
	if req.from.bond == bond { // it was used to prove who the client is
		return true
	}
	_, ok := req.server.redeem(req.HTTP, bond, req.from.asks)
	return ok
}
