package session

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"slices"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/gate"
)

// Usher gives the page at the program's path the cookie of a session, so that all its
// requests are for that one. A browser that has a cookie keeps it. With Lifetime.URL the
// page is at the URL of a session, and the program's path redirects to a new one.
func (s *supervisor) Usher(w http.ResponseWriter, req *libwebsocketd.Request) (answered bool) {
	before := len(w.Header()["Set-Cookie"])
	answered = s.usher(w, req)
	keyed := len(w.Header()["Set-Cookie"]) > before // for one browser, whatever else the operator says of caches
	if !answered && (keyed || w.Header().Get("Cache-Control") == "") {
		w.Header().Set("Cache-Control", "private, no-cache") // each load of the page may need a cookie
	}
	return answered
}

func (s *supervisor) usher(w http.ResponseWriter, req *libwebsocketd.Request) (answered bool) {
	r, path := req.HTTP, req.Target().ScriptName
	all := passes(r, path)
	if len(all) == 0 && isFromElsewhere(r) {
		logPage(req, "RELOAD")
		reload(w)
		return true
	}
	switch id := r.URL.Query().Get("session"); {
	case id == "new":
		s.redirect(w, req, s.registry.reserve(path))
		return true
	case id != "":
		return s.usherTo(w, req, id, all)
	}
	if x := s.root(r, path); x != nil {
		x.forAll.Store(true)
		if !x.isOpenTo(all) {
			s.setCookie(w.Header(), r, path, x.newPass())
		}
		return false
	}
	if s.life.URL {
		s.redirect(w, req, s.registry.reserve(path))
		return true
	}
	if !slices.ContainsFunc(all, func(p pass) bool {
		x := s.byPass(path, p)
		return x != nil && x.isFor(req.Identity()) || s.registry.isOpen(path, &p)
	}) {
		s.setCookie(w.Header(), r, path, s.registry.reserve(path))
	}
	return false
}

// isFromElsewhere reports whether a browser follows a link on another site. It does not
// send our cookie then (SameSite=Strict, RFC 6265bis section 5.8.3), and one that is set
// now would replace it.
func isFromElsewhere(r *http.Request) bool {
	h := r.Header
	return h.Get("Sec-Fetch-Site") == "cross-site" && h.Get("Sec-Fetch-Mode") == "navigate" && h.Get("Sec-Fetch-Dest") == "document"
}

// reload answers with a page that asks for the same URL again. It is of our own site, so
// that this request has the cookie.
func reload(w http.ResponseWriter) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	io.WriteString(w, `<!DOCTYPE html><meta http-equiv="refresh" content="0">`+"\n")
}

// usherTo refuses the page of a session that is not there, or is not this browser's. A
// browser with a ticket gets a pass of its own for it.
func (s *supervisor) usherTo(w http.ResponseWriter, req *libwebsocketd.Request, id string, all []pass) (answered bool) {
	r, path := req.HTTP, req.Target().ScriptName
	x := s.there(path, id)
	if x == nil {
		promised := s.isPromised(path, only(all, id))
		if !promised {
			req.Refuse(w, unknown)
		}
		return !promised
	}
	refusal := x.check(req, all)
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

// redirect sends the browser to the URL of a session, with a pass for it. The rest of the
// query stays.
func (s *supervisor) redirect(w http.ResponseWriter, req *libwebsocketd.Request, p pass) {
	s.setCookie(w.Header(), req.HTTP, req.Target().ScriptName, p)
	w.Header().Set("Cache-Control", "no-store")
	query := req.HTTP.URL.Query()
	query.Del("token")
	query.Set("session", p.id)
	to := url.URL{Path: req.HTTP.URL.Path, RawQuery: query.Encode()}
	logPage(req, "REDIRECT", "to", to.String())
	http.Redirect(w, req.HTTP, to.String(), http.StatusTemporaryRedirect)
}

// logPage logs how a request for the page was answered, if not with the page.
func logPage(req *libwebsocketd.Request, how string, about ...any) {
	req.Log().Log(context.Background(), libwebsocketd.LevelAccess, how, append(about, libwebsocketd.CategoryKey, "http")...)
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
	p := pass{id: x.ID, secret: gate.NewSecret()}
	x.keys.add(p.secret)
	return p
}

// isOpenTo reports whether one of the passes opens the session.
func (x *Session) isOpenTo(all []pass) bool {
	return slices.ContainsFunc(only(all, x.ID), func(p pass) bool { return x.keys.opens(p.secret) })
}
