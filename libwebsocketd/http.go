package libwebsocketd

import (
	"log/slog"
	"maps"
	"net/http"

	"websocketd/libwebsocketd/gate"
	"websocketd/libwebsocketd/logging"
)

// servePlain answers a request that is no WebSocket handshake. The first of these that
// exists answers: the state of a program, a CGI script, a program through a Face, a file, the
// console, a directory's listing.
func (s *Server) servePlain(w http.ResponseWriter, r *http.Request, from remote, id string, log *slog.Logger) {
	s.setHeaders(w)
	if asksState(r) && s.serveFace(w, r, from, id, log) {
		return
	}
	to, refusal, isCGI := s.findCGI(r.URL.Path)
	if refusal != nil {
		logging.At(log, logging.LevelAccess, "http", "CGI: "+refusal.Reason)
		s.answer(w, r, refusal)
		return
	}
	switch {
	case isCGI:
		to.program = s.own
		s.serveCGI(w, r, to, from, id, log.With("cgiscript", to.argv[0]))
	case s.serveFace(w, r, from, id, log):
	case s.static != nil && (s.console == nil || s.static.HasFile(r.URL.Path)):
		s.serveStatic(w, r, from, id, log)
	case s.console != nil:
		logging.At(log, logging.LevelAccess, "http", "DEVCONSOLE")
		s.console.ServeHTTP(w, r)
	default:
		logging.At(log, logging.LevelAccess, "http", "NOT FOUND")
		s.answer(w, r, s.noPage(r))
	}
}

// serveStatic answers a request for a file, which needs the credentials of the Config.
func (s *Server) serveStatic(w http.ResponseWriter, r *http.Request, from remote, id string, log *slog.Logger) {
	var to route
	if s.own.access != nil {
		to, _ = s.route(r) // a ticket may be for a session that the page is about
	}
	if refusal := s.prove(r, s.own.access, to.scriptName, &from); refusal != nil {
		s.refuse(w, r, from.log(log), refusal)
		return
	}
	if !s.usher(w, r, from, id, log) {
		logging.At(from.log(log), logging.LevelAccess, "http", "STATIC")
		s.static.ServeHTTP(w, r)
	}
}

// serveClient answers a request for the browser client, and reports whether r is one. The
// script is there wherever a program is, and it is public: neither who asks is checked, nor
// from which page.
func (s *Server) serveClient(w http.ResponseWriter, r *http.Request, log *slog.Logger) bool {
	if !s.client.Has(r.URL.Path) || len(s.routes.Load().programs) == 0 && len(s.cfg.Dialects) == 0 {
		return false
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		s.refuse(w, r, log, newRefusal(http.StatusMethodNotAllowed, "the browser client is read with GET"))
		return true
	}
	s.setHeaders(w)
	logging.At(log, logging.LevelAccess, "http", "CLIENT")
	s.client.ServeHTTP(w, r)
	return true
}

// setHeaders sets the headers of every answer that is no upgrade.
func (s *Server) setHeaders(w http.ResponseWriter) {
	maps.Copy(w.Header(), s.cfg.Header)
	maps.Copy(w.Header(), s.cfg.HeaderHTTP)
}

// noPage returns the refusal of a request where only a handshake would be served.
func (s *Server) noPage(r *http.Request) *gate.Refusal {
	to, refusal := s.route(r)
	if refusal != nil {
		return refusal
	}
	if own, ok := to.program.supervisor.(Pageless); ok {
		return own.NoPage()
	}
	asking := r.Clone(r.Context())
	asking.Header.Set("Accept", "application/json")
	if s.face(asking, to, true) != nil {
		return newRefusal(http.StatusNotFound, "there is no page here; what is asked for comes with the header Accept: application/json")
	}
	return newRefusal(http.StatusNotFound, "a program speaks WebSocket here; --devconsole puts a page here to try it")
}
