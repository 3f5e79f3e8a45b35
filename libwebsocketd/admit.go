package libwebsocketd

import (
	"encoding/base64"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"

	"websocketd/libwebsocketd/gate"
	"websocketd/libwebsocketd/internal/text"
	"websocketd/libwebsocketd/web"
	"websocketd/libwebsocketd/ws"
)

// isUpgrade reports whether r asks for a WebSocket: the token may be anywhere in any of
// the Upgrade lines (RFC 9110 section 7.8).
func isUpgrade(r *http.Request) bool {
	return hasToken(r.Header.Values("Upgrade"), "websocket")
}

// hasToken reports whether a list header contains a token, ignoring case.
func hasToken(lines []string, token string) bool {
	return slices.ContainsFunc(tokens(lines), func(item string) bool {
		return strings.EqualFold(item, token) // Unicode folds no other pair of tokens than ASCII does
	})
}

// tokens returns the items of a header that is a list of tokens, over all its lines
// (RFC 9110 section 5.6.1). It ignores the rest of a line from the first item that is
// no token, as gorilla/websocket does: what its author meant cannot be known.
func tokens(lines []string) (items []string) {
	for _, line := range lines {
		for item := range strings.SplitSeq(line, ",") {
			if item = strings.Trim(item, " \t"); !text.IsToken(item) {
				break
			}
			items = append(items, item)
		}
	}
	return items
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

// checkHandshake refuses everything the upgrade would refuse later (RFC 6455 section
// 4.2.1), so that a bad handshake never starts a process. It also refuses a body, which
// would be read as frames (RFC 9110 section 9.3.1 gives a GET none).
func checkHandshake(w http.ResponseWriter, r *http.Request) *gate.Refusal {
	key := r.Header.Values("Sec-WebSocket-Key")
	switch {
	case r.Method != http.MethodGet:
		return newRefusal(http.StatusMethodNotAllowed, "a WebSocket handshake is a GET, not a "+text.Quote(r.Method))
	case r.ProtoMajor != 1 || r.ProtoMinor < 1:
		return newRefusal(http.StatusUpgradeRequired, "a WebSocket handshake needs HTTP/1.1, this one is "+r.Proto)
	case !hasToken(r.Header.Values("Connection"), "upgrade"):
		return newRefusal(http.StatusBadRequest, "the header Connection: Upgrade is missing; a proxy in between may have to be told to pass it on")
	case len(r.Header.Values("Sec-WebSocket-Version")) == 0:
		return newRefusal(http.StatusBadRequest, "the header Sec-WebSocket-Version is missing")
	case !hasToken(r.Header.Values("Sec-WebSocket-Version"), "13"):
		return newRefusal(http.StatusUpgradeRequired, "only version 13 of the WebSocket protocol is spoken here")
	case len(key) > 1:
		return newRefusal(http.StatusBadRequest, "the header Sec-WebSocket-Key is there more than once")
	case len(key) == 0 || !validKey(key[0]):
		return newRefusal(http.StatusBadRequest, "the header Sec-WebSocket-Key is not 16 bytes in base64")
	case r.ContentLength != 0:
		return newRefusal(http.StatusBadRequest, "a WebSocket handshake has no message body: leave Content-Length and Transfer-Encoding out")
	case ws.Hijacker(w) == nil:
		return newRefusal(http.StatusInternalServerError, "the http.ResponseWriter of this server is wrapped in one that lacks Hijack and Unwrap")
	}
	return nil
}

func validKey(key string) bool {
	raw, err := base64.StdEncoding.DecodeString(key)
	return err == nil && len(raw) == 16
}

// admit returns the route of a handshake, or why it is refused, and sets who it is from. It
// makes every check after that of the host and before that of the slot.
func (s *Server) admit(w http.ResponseWriter, r *http.Request, from *remote) (route, *gate.Refusal) {
	to, refusal := s.route(r)
	if refusal == nil {
		refusal = checkHandshake(w, r)
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
