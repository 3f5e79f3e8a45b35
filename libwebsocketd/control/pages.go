package control

import (
	"net/http"
	"net/url"
	"strings"

	"websocketd/libwebsocketd/gate"
)

// everyMethod are those that a route may have.
var everyMethod = []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete}

// checkPage returns why the page that makes a request may not; nil if it may, or none makes
// it. A page of this listener may. Where there is no token, so may pages of this machine, which
// are told so (Fetch Standard, "CORS protocol").
func (c *Control) checkPage(w http.ResponseWriter, r *http.Request, p policy) *gate.Refusal {
	if c.access == nil && isOfThisMachine(r) {
		w.Header().Set("Access-Control-Allow-Origin", r.Header.Get("Origin"))
		w.Header().Add("Vary", "Origin")
		return nil
	}
	if p == open && r.Header.Get("Origin") == "" && (r.Method == http.MethodGet || r.Method == http.MethodHead) {
		return nil // it says nothing, whoever has led there
	}
	if refusal := gate.CheckOwnPage(r); refusal != nil {
		return &gate.Refusal{Status: refusal.Status, Reason: "a page of another site may not ask for this: only this listener's own page may"}
	}
	return nil
}

// isOfThisMachine reports whether a page of http://localhost or http://127.0.0.1 makes a
// request, of whatever port.
func isOfThisMachine(r *http.Request) bool {
	sent := r.Header.Values("Origin")
	if len(sent) != 1 {
		return false
	}
	host, isHTTP := strings.CutPrefix(sent[0], "http://")
	u, err := url.Parse(sent[0])
	return isHTTP && err == nil && host == u.Host && (u.Hostname() == "localhost" || u.Hostname() == "127.0.0.1")
}

// serveElse answers a request that no route is for: 404, or 405 where there is one for another
// method. OPTIONS is told which methods there are (RFC 9110 section 9.3.7), and lets in a page
// that asks before its request (Fetch Standard, "CORS-preflight request").
func (c *Control) serveElse(w http.ResponseWriter, r *http.Request) {
	allowed := c.methodsOf(r)
	if len(allowed) == 0 {
		answerError(w, r, http.StatusNotFound, "there is nothing at this path; GET /api/openapi.json tells what there is")
		return
	}
	h := w.Header()
	h.Set("Allow", strings.Join(append(allowed, http.MethodOptions), ", "))
	if r.Method != http.MethodOptions {
		answerError(w, r, http.StatusMethodNotAllowed, "this is asked for with "+strings.Join(allowed, ", "))
		return
	}
	if h.Get("Access-Control-Allow-Origin") != "" && r.Header.Get("Access-Control-Request-Method") != "" {
		h.Set("Access-Control-Allow-Methods", strings.Join(allowed, ", "))
		h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type, Last-Event-ID, X-API-Key")
		h.Set("Access-Control-Max-Age", "600")
	}
	w.WriteHeader(http.StatusNoContent)
}

// methodsOf returns the methods that there are routes for at the path of a request.
func (c *Control) methodsOf(r *http.Request) (allowed []string) {
	for _, method := range everyMethod {
		as := r.Clone(r.Context())
		as.Method = method
		if pattern := c.patternOf(as); pattern != "" && !(pattern == inputPattern && c.takesNothing(r)) {
			allowed = append(allowed, method)
		}
	}
	return allowed
}
