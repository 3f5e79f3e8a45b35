package libwebsocketd

import (
	"log/slog"
	"net/http"

	"websocketd/libwebsocketd/internal/paths"
)

// Usher is a Supervisor that sees requests for the page at its program's path, a static
// file, before they are answered: it may set a cookie, or redirect.
type Usher interface {
	// Usher returns true if it has answered the request. It may set headers of the page,
	// which is served otherwise.
	Usher(w http.ResponseWriter, req *Request) (answered bool)
}

// usher lets the Usher of a program see a request for its page, and reports whether that
// answered it.
func (s *Server) usher(w http.ResponseWriter, r *http.Request, from remote, id string, log *slog.Logger) bool {
	to, refusal := s.route(r)
	if refusal != nil || r.Method != http.MethodGet && r.Method != http.MethodHead {
		return false
	}
	usher, ok := to.program.supervisor.(Usher)
	if !ok || to.scriptName != paths.Clean(r.URL.Path) {
		return false
	}
	return usher.Usher(w, s.newRequest(r, to, from, id, log, w.Header()))
}
