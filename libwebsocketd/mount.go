package libwebsocketd

import (
	"context"
	"log/slog"
	"net/http"

	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/gate"
	"websocketd/libwebsocketd/internal/after"
	"websocketd/libwebsocketd/logging"
)

// Mount makes h serve what a pattern of [http.ServeMux] matches, before every program and
// every file. Host, and the origins and credentials of the Config, are checked before, as
// for a program. Shutdown waits for h: the Context of a request is done when the server
// goes away, and h must return then. Mount panics if the pattern conflicts with another
// one. It may be called at any time.
func (s *Server) Mount(pattern string, h http.Handler) {
	s.mounts.Handle(pattern, h)
	s.mounted.Store(true)
}

// serveMounted answers a request if it is for a mounted handler, and reports whether it
// is.
func (s *Server) serveMounted(w http.ResponseWriter, r *http.Request, from remote, log *slog.Logger) bool {
	if !s.mounted.Load() {
		return false
	}
	_, pattern := s.mounts.Handler(r)
	if pattern == "" {
		return false
	}
	refusal := s.checkOrigin(r)
	if refusal == nil {
		refusal = s.prove(r, s.own.access, "", &from)
	}
	log = from.log(log)
	if refusal != nil {
		s.refuse(w, log, refusal)
		return true
	}
	if !s.begin() {
		s.refuse(w, log, gate.GoingAway)
		return true
	}
	defer s.running.Done()
	defer s.conns.forget(acceptedConn(r.Context())) // h may have hijacked it
	s.setHeaders(w)
	logging.At(log, logging.LevelAccess, "http", "MOUNTED")
	ctx, cancel := context.WithCancelCause(r.Context())
	defer after.Done(s.ctx, func() { cancel(bridge.ErrGoingAway) })()
	s.mounts.ServeHTTP(w, r.WithContext(ctx))
	return true
}

// checkOrigin checks a request that is for none of the programs against the origins of
// the Config.
func (s *Server) checkOrigin(r *http.Request) *gate.Refusal {
	if isUpgrade(r) {
		return s.own.origins.Check(r)
	}
	return s.own.origins.CheckPlain(r)
}
