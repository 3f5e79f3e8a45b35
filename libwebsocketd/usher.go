package libwebsocketd

import (
	"log/slog"
	"net/http"
	"strings"
)

// Usher is a Supervisor that sees requests for the page at its program's path, a static
// file, before they are answered: it may set a cookie, or redirect.
type Usher interface {
	// Usher returns true if it has answered the request, and logged that. It may set
	// headers of the page, which is served otherwise.
	Usher(w http.ResponseWriter, req *Request) (answered bool)
}

// usher lets the Usher of a program see a request for its page, and reports whether that
// answered it.
func (s *Server) usher(w http.ResponseWriter, r *http.Request, from remote, id string, log *slog.Logger) bool {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return false
	}
	to, refusal := s.route(r)
	if refusal != nil || !isPage(r.URL.Path, to.scriptName) || !s.static.HasFile(r.URL.Path) {
		return false
	}
	usher, ok := to.program.supervisor.(Usher)
	return ok && to.program.access.Admits(r, from.Identity) == nil && usher.Usher(w, s.newRequest(r, to, from, id, log, w.Header()))
}

// isPage reports whether a URL path is that of a program's page, a file or a directory with
// an index.html. Other spellings of it are redirected first.
func isPage(urlPath, program string) bool {
	return urlPath == program || urlPath == strings.TrimSuffix(program, "/")+"/"
}
