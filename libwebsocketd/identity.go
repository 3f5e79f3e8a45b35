package libwebsocketd

import (
	"log/slog"
	"net/http"

	"websocketd/libwebsocketd/gate"
)

// Identity says who a client is, and how that is known. The zero value is a client
// without an identity.
type Identity struct {
	User  string // REMOTE_USER, and "user" in the log
	Proof string // AUTH_TYPE: Basic, Bearer and the like (RFC 3875 section 4.1.1)
}

// identify calls Config.Identify for a request and sets the identity of from. It returns
// log, which then names the user.
func (s *Server) identify(r *http.Request, from *remote, log *slog.Logger) (*slog.Logger, *gate.Refusal) {
	if s.cfg.Identify == nil || isPreflight(r) {
		return log, nil
	}
	who, refusal := s.cfg.Identify(r)
	if from.Identity = who; who.User != "" {
		log = log.With("user", who.User)
	}
	return log, refusal
}

// isPreflight reports whether r is a browser's question what a page may do. It has no
// credentials (Fetch, "CORS-preflight request").
func isPreflight(r *http.Request) bool {
	return r.Method == http.MethodOptions && r.Header.Get("Access-Control-Request-Method") != ""
}
