package libwebsocketd

import (
	"encoding/json"
	"log/slog"
	"net/http"

	"websocketd/libwebsocketd/gate"
	"websocketd/libwebsocketd/internal/text"
	"websocketd/libwebsocketd/logging"
)

// serveResource answers a request for the document about a protected resource, which says who
// issues tokens for it (RFC 9728), and reports whether r is one. The document is public: who
// asks has no token yet, and may be a page of any site.
func (s *Server) serveResource(w http.ResponseWriter, r *http.Request, log *slog.Logger) bool {
	if s.cfg.Credentials == nil || len(s.cfg.Credentials.AuthorizationServers) == 0 {
		return false
	}
	path, ok := gate.ResourceOf(r.URL.Path)
	if !ok {
		return false
	}
	s.setHeaders(w)
	suggest(w.Header(), "Access-Control-Allow-Origin", "*")
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		s.answerResource(w, r, path, log)
	case http.MethodOptions:
		suggest(w.Header(), "Access-Control-Allow-Methods", "GET")
		suggest(w.Header(), "Access-Control-Allow-Headers", "*, Authorization")
		w.WriteHeader(http.StatusNoContent)
	default:
		s.refuse(w, r, log, newRefusal(http.StatusMethodNotAllowed, "who issues tokens is read with GET"))
	}
	return true
}

// answerResource answers with the document about what is at path: a program, or what the
// credentials of the Config are for.
func (s *Server) answerResource(w http.ResponseWriter, r *http.Request, path string, log *slog.Logger) {
	access := s.own.access
	to, refusal := s.routePath(path)
	switch {
	case refusal == nil:
		access = to.program.access
	case refusal.Status != http.StatusNotFound:
		s.refuse(w, r, log, refusal)
		return
	}
	document, ok := access.Metadata(r, path)
	if !ok {
		s.refuse(w, r, log, newRefusal(http.StatusNotFound, "no bearer token is needed at "+text.Quote(path)))
		return
	}
	logging.At(log, logging.LevelAccess, "http", "RESOURCE")
	body, _ := json.Marshal(document) // of strings
	writeJSON(w, http.StatusOK, body, &s.own.Settings)
}
