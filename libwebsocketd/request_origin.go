package libwebsocketd

import (
	"net/http"
	"slices"
)

// NamesOrigin reports whether Origins lists the origin of the request, and does not only
// admit it by a rule or by *. Where there is no program, any one's Origins will do.
func (req *Request) NamesOrigin() bool {
	names := func(p *program) bool { return p.origins.Names(req.HTTP) }
	if req.to.program != nil {
		return names(req.to.program)
	}
	return names(req.server.own) || slices.ContainsFunc(req.server.routes.Load().programs, names)
}

// AllowOrigin lets the page of a request read an answer with that header (Fetch section
// 3.3.5). Whether it may was decided when the request was let in: a page that may not does
// not get here. What the page's user has in the browser, cookies and passwords, goes along
// only where Origins names the page. Headers that the Config sets win.
func (req *Request) AllowOrigin(answer http.Header) {
	origin := req.HTTP.Header.Get("Origin")
	if origin == "" || answer.Get("Access-Control-Allow-Origin") != "" {
		return
	}
	answer.Set("Access-Control-Allow-Origin", origin)
	answer.Add("Vary", "Origin")
	suggest(answer, "Access-Control-Expose-Headers", "Location, Retry-After, Websocketd-Exit")
	if req.NamesOrigin() {
		suggest(answer, "Access-Control-Allow-Credentials", "true")
	}
}

// IsPreflight reports whether a browser asks what a page may do here: AnswerPreflight tells.
func (req *Request) IsPreflight() bool { return isPreflight(req.HTTP) }

// AnswerPreflight tells a browser what a page may ask for (Fetch section 4.8), by which
// methods besides.
func (req *Request) AnswerPreflight(w http.ResponseWriter, methods string) {
	h := w.Header()
	suggest(h, "Access-Control-Allow-Methods", methods)
	suggest(h, "Access-Control-Allow-Headers", "Accept, Authorization, Content-Type, Last-Event-ID")
	suggest(h, "Access-Control-Max-Age", "600") // a change of --origin is seen soon
	w.WriteHeader(http.StatusNoContent)
}

// suggest sets a header of an answer that the Config does not set.
func suggest(h http.Header, name, value string) {
	if h.Get(name) == "" {
		h.Set(name, value)
	}
}
