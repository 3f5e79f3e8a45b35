package session

import (
	"net/http"
	"slices"

	"websocketd/libwebsocketd"
)

// Usher gives the page at the program's path the cookie of a session, so that all its
// requests are for that one. A browser that has a cookie keeps it. With Lifetime.URL the
// page is at the URL of a session, and the program's path redirects to a new one.
func (s *supervisor) Usher(w http.ResponseWriter, req *libwebsocketd.Request) (answered bool) {
	r, path := req.HTTP, req.Target().ScriptName
	all := passes(r, path)
	if id := r.URL.Query().Get("session"); id != "" {
		return s.usherTo(w, req, id, all)
	}
	if x := s.root(r, path); x != nil {
		if !x.isOpenTo(all) {
			s.setCookie(w.Header(), r, path, x.newPass())
		}
		return false
	}
	if s.life.URL {
		s.redirect(w, req, s.registry.reserve(path))
		return true
	}
	if !slices.ContainsFunc(all, func(p pass) bool { return s.byPass(path, p) != nil || s.registry.isOpen(path, &p) }) {
		s.setCookie(w.Header(), r, path, s.registry.reserve(path))
	}
	return false
}

// usherTo refuses the page of a session that is not there, or is not this browser's. A
// browser with a ticket gets a pass of its own for it.
func (s *supervisor) usherTo(w http.ResponseWriter, req *libwebsocketd.Request, id string, all []pass) (answered bool) {
	r, path := req.HTTP, req.Target().ScriptName
	x := s.there(path, id)
	if x == nil {
		promised := slices.ContainsFunc(only(all, id), func(p pass) bool { return s.registry.isOpen(path, &p) })
		if !promised {
			req.Refuse(w, unknown)
		}
		return !promised
	}
	refusal := x.check(r, req.Identity(), all)
	switch {
	case refusal != nil:
		req.Refuse(w, refusal)
	case r.URL.Query().Has("token"):
		s.redirect(w, req, x.newPass())
	default:
		return false
	}
	return true
}

// redirect sends the browser to the URL of a session, with a pass for it.
func (s *supervisor) redirect(w http.ResponseWriter, req *libwebsocketd.Request, p pass) {
	s.setCookie(w.Header(), req.HTTP, req.Target().ScriptName, p)
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, req.HTTP, req.HTTP.URL.EscapedPath()+"?session="+p.id, http.StatusTemporaryRedirect)
}

// root returns the session that Hooks.Root names for the page, nil if there is none.
func (s *supervisor) root(r *http.Request, path string) *Session {
	if s.life.Hooks.Root == nil {
		return nil
	}
	return s.there(path, s.life.Hooks.Root(r))
}

// newPass returns a further pass that opens the session.
func (x *Session) newPass() pass {
	p := pass{id: x.ID, secret: newSecret()}
	x.keys.add(p.secret)
	return p
}

// isOpenTo reports whether one of the passes opens the session.
func (x *Session) isOpenTo(all []pass) bool {
	return slices.ContainsFunc(only(all, x.ID), func(p pass) bool { return x.keys.opens(p.secret) })
}
