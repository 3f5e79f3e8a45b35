package poll

import (
	"net/http"

	"websocketd/libwebsocketd"
)

// allowOrigin lets the page of a request read its answer (Fetch section 3.3.5).
// Whether it may was decided when the request was let in: a page that may not does
// not get here. What the page's user has in the browser, cookies and passwords, goes
// along only where --origin names the page.
func allowOrigin(answer http.Header, req *libwebsocketd.Request) {
	origin := req.HTTP.Header.Get("Origin")
	if origin == "" || answer.Get("Access-Control-Allow-Origin") != "" {
		return
	}
	answer.Set("Access-Control-Allow-Origin", origin)
	answer.Add("Vary", "Origin")
	if req.NamesOrigin() {
		suggest(answer, "Access-Control-Allow-Credentials", "true")
	}
}

// preflight tells a browser what a page may ask for (Fetch section 4.8).
func preflight(w http.ResponseWriter) {
	suggest(w.Header(),
		"Access-Control-Allow-Methods", "GET, POST",
		"Access-Control-Allow-Headers", "Accept, Content-Type, Last-Event-ID",
		"Access-Control-Max-Age", "600") // a change of --origin is seen soon
	w.WriteHeader(http.StatusNoContent)
}
