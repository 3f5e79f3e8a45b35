package libwebsocketd

import (
	"log/slog"
	"maps"
	"net/http"
	"strconv"
	"time"

	"websocketd/libwebsocketd/gate"
	"websocketd/libwebsocketd/logging"
)

// newRefusal returns a refusal with a status and a sentence, and nothing else.
func newRefusal(status int, reason string) *gate.Refusal {
	return &gate.Refusal{Status: status, Reason: reason}
}

// newRefusalOf returns a refusal of a kind, with its status.
func newRefusalOf(kind gate.Kind, reason string) *gate.Refusal {
	return &gate.Refusal{Kind: kind, Status: kind.Status(), Reason: reason}
}

// asLogged returns a refusal whose cause is in the log already.
func asLogged(refusal *gate.Refusal) *gate.Refusal {
	logged := *refusal
	logged.Logged = true
	return &logged
}

// refuse answers a request with a refusal, and logs it, unless the log has its cause
// already.
func (s *Server) refuse(w http.ResponseWriter, r *http.Request, log *slog.Logger, refusal *gate.Refusal) {
	if !refusal.Logged {
		status := http.StatusText(refusal.Status)
		if refusal.Status == http.StatusNotFound {
			status = "NOT FOUND" // the word operators have always searched for
		}
		logging.At(log, logging.LevelAccess, "session", status+": "+refusal.Reason, "status", refusal.Status)
	}
	s.answer(w, r, refusal)
}

// answer sends a refusal: one status, one sentence, as a problem (RFC 9457) to who prefers that. The
// connection is not kept: when
// descriptors are short, those of refused clients are the first to be freed.
func (s *Server) answer(w http.ResponseWriter, r *http.Request, refusal *gate.Refusal) {
	if o := s.cfg.Observer; o != nil {
		o.Refused(refusal.Status)
	}
	brief(w)
	maps.Copy(w.Header(), refusal.Header)
	if refusal.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(refusal.RetryAfter))
	}
	switch refusal.Status {
	case http.StatusNoContent: // which has no body
		w.WriteHeader(refusal.Status)
		return
	case http.StatusUpgradeRequired:
		w.Header().Set("Upgrade", "websocket")
		w.Header().Add("Connection", "Upgrade")
		w.Header().Set("Sec-WebSocket-Version", "13")
	case http.StatusMethodNotAllowed:
		if refusal.Header.Get("Allow") == "" {
			w.Header().Set("Allow", http.MethodGet)
		}
	}
	if refusal.JSON != nil {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.WriteHeader(refusal.Status)
		w.Write(refusal.JSON)
		return
	}
	refusal.Write(w, r)
}

// brief makes the connection end with this answer. The client gets as long to read it,
// and to send the rest of a body, as it had to send its headers.
func brief(w http.ResponseWriter) {
	w.Header().Set("Connection", "close")
	rc := http.NewResponseController(w)
	rc.SetReadDeadline(time.Now().Add(headerWait))
	rc.SetWriteDeadline(time.Now().Add(headerWait))
}
