package poll

import "net/http"

// allowOrigin lets the page of a request read its answer (Fetch section 3.3.5).
// Whether it may was decided when the request was let in: a page that may not does
// not get here.
func allowOrigin(answer http.Header, r *http.Request) {
	if origin := r.Header.Get("Origin"); origin != "" {
		answer.Set("Access-Control-Allow-Origin", origin)
		answer.Add("Vary", "Origin")
	}
}

// preflight tells a browser what a page may ask for (Fetch section 4.8).
func preflight(w http.ResponseWriter) {
	h := w.Header()
	h.Set("Access-Control-Allow-Methods", "GET, POST")
	h.Set("Access-Control-Allow-Headers", "Accept, Content-Type, Last-Event-ID")
	h.Set("Access-Control-Max-Age", "600") // a change of --origin is seen soon
	w.WriteHeader(http.StatusNoContent)
}
