package poll

import "net/http"

// preflight tells a browser what a page may ask for (Fetch section 4.8).
func preflight(w http.ResponseWriter) {
	suggest(w.Header(),
		"Access-Control-Allow-Methods", "GET, POST, DELETE",
		"Access-Control-Allow-Headers", "Accept, Authorization, Content-Type, Last-Event-ID",
		"Access-Control-Max-Age", "600") // a change of --origin is seen soon
	w.WriteHeader(http.StatusNoContent)
}
