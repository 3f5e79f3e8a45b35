package session

import (
	"net/http"
	"slices"
	"strings"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/gate"
)

// ofCookie returns the session of a client's cookie for the program at a path: the newest,
// or that of a numbering if the client names one. It is nil if the cookie has none that is
// there and the client's own.
func (s *supervisor) ofCookie(path string, who libwebsocketd.Identity, all []pass, epoch string) (newest *Session) {
	for _, p := range all {
		x := s.byPass(path, p)
		switch {
		case x == nil || !x.isFor(who):
		case x.hub.Epoch() == epoch:
			return x
		case newest == nil:
			newest = x
		}
	}
	return newest
}

// only returns the passes of one session.
func only(all []pass, id string) (found []pass) {
	for _, p := range all {
		if p.id == id {
			found = append(found, p)
		}
	}
	return found
}

// there returns the session of the program at a path with that id, nil if there is none.
func (s *supervisor) there(path, id string) *Session {
	if x := s.registry.byID(id); x != nil && x.Path == path {
		return x
	}
	return nil
}

// byPass returns the session that a pass opens, nil if it opens none.
func (s *supervisor) byPass(path string, p pass) *Session {
	if x := s.there(path, p.id); x != nil && x.keys.opens(p.secret) {
		return x
	}
	return nil
}

// isGood reports whether a pass opens a session that is there, or may still be used for one
// that was promised.
func (s *supervisor) isGood(path string, p pass) bool {
	return s.byPass(path, p) != nil || s.registry.isOpen(path, &p)
}

// isPromised reports whether one of the passes is a promise of a session that is not there
// yet.
func (s *supervisor) isPromised(path string, all []pass) bool {
	return slices.ContainsFunc(all, func(p pass) bool { return s.registry.isOpen(path, &p) })
}

// check refuses a request that does not prove the right to the session: by who it is from, by
// the session's secret, in the cookie or as a Bearer token, or by a ticket, which it uses.
// That there is a session of another user is nobody else's business.
func (x *Session) check(req *libwebsocketd.Request, all []pass) *gate.Refusal {
	who := req.Identity()
	switch secret, isBearer := bearer(req.HTTP); {
	case !x.isFor(who):
		return unknown
	case who.User != "" && who.User == x.Owner.User:
		return nil
	case req.HTTP.URL.Query().Has("token"):
		if !req.Redeem(x.ID) {
			return &gate.Refusal{Status: http.StatusForbidden, Kind: gate.KindSecret, Reason: "token= is not a ticket of this session that is still good: each is good once, for 30 seconds"}
		}
		return nil
	case isBearer && x.keys.opens(secret), x.isOpenTo(all):
		return nil
	}
	return &gate.Refusal{Status: http.StatusForbidden, Kind: gate.KindSecret,
		Reason: "this session needs its secret, in the cookie or as Authorization: Bearer, or a ticket as token="}
}

// isFor reports whether a client may be the session's, by who it is.
func (x *Session) isFor(who libwebsocketd.Identity) bool {
	return x.Owner.User == "" || x.Owner.User == who.User || x.forAll.Load()
}

// bearer returns the token of an Authorization header (RFC 6750 section 2.1).
func bearer(r *http.Request) (token string, ok bool) {
	scheme, token, ok := strings.Cut(r.Header.Get("Authorization"), " ")
	return strings.TrimSpace(token), ok && strings.EqualFold(scheme, "Bearer")
}
