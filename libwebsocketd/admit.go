package libwebsocketd

import (
	"log/slog"
	"net"
	"net/http"
	"strings"

	"websocketd/libwebsocketd/gate"
	"websocketd/libwebsocketd/internal/text"
	"websocketd/libwebsocketd/web"
	"websocketd/libwebsocketd/ws"
)

// isUpgrade reports whether r asks for a WebSocket: the token may be anywhere in any of
// the Upgrade lines (RFC 9110 section 7.8).
func isUpgrade(r *http.Request) bool {
	return text.HasToken(r.Header.Values("Upgrade"), "websocket")
}

// checkHost refuses a request for a host that is not this server's. A host that is in the
// Origins of one program alone is, for what that program answers: its word is not good for
// the others, nor for files and calls.
func (s *Server) checkHost(r *http.Request) *gate.Refusal {
	refusal := s.checkHostFor(r, s.own)
	if refusal == nil {
		return nil
	}
	if p := s.answeredBy(r); p != nil {
		return s.checkHostFor(r, p)
	}
	return refusal
}

// checkHostFor is checkHost for what p answers. Clients of a unix socket may name any host.
// So may those that come over the network to a server without Hosts: whoever made it listen
// there wants them.
func (s *Server) checkHostFor(r *http.Request, p *program) *gate.Refusal {
	switch local := r.Context().Value(http.LocalAddrContextKey).(type) {
	case *net.UnixAddr:
		return nil
	case *net.TCPAddr:
		if len(s.cfg.Hosts) == 0 && !local.IP.IsLoopback() {
			return nil
		}
	}
	if s.own.hosts.Check(r) == nil {
		return nil
	}
	return p.hosts.Check(r)
}

// answeredBy returns the program that answers a request, nil if something else does.
func (s *Server) answeredBy(r *http.Request) *program {
	to, refusal := s.route(r)
	if refusal != nil || strings.HasPrefix(r.URL.Path, web.ClientPath) {
		return nil
	}
	if _, pattern := s.mounts.Handler(r); pattern != "" {
		return nil
	}
	if isUpgrade(r) {
		if _, named := s.dialect(r).(NamesPrograms); named {
			return nil
		}
		return to.program
	}
	if _, _, isCGI := s.findCGI(r.URL.Path); isCGI && !asksState(r) || s.face(r, to, true) == nil {
		return nil
	}
	return to.program
}

// admit returns the route of a handshake, or why it is refused, and sets who it is from. It
// makes every check after that of the host and before that of the slot.
func (s *Server) admit(w http.ResponseWriter, r *http.Request, from *remote) (route, *gate.Refusal) {
	to, refusal := s.route(r)
	if refusal == nil {
		refusal = ws.CheckHandshake(w, r)
	}
	if refusal == nil {
		refusal = to.program.origins.Check(r)
	}
	if refusal == nil {
		refusal = s.letIn(r, to.program, to.scriptName, from)
	}
	return to, refusal
}

// log returns a logger that names the user, if one is known.
func (from *remote) log(log *slog.Logger) *slog.Logger {
	if from.User == "" {
		return log
	}
	return log.With("user", from.User)
}
