package hub

import (
	"errors"
	"net/http"

	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/gate"
	"websocketd/libwebsocketd/ws"
)

// errOrigin is why a page may not connect.
var errOrigin = errors.New("the origin is not allowed")

// Handler returns the handler of the WebSocket. It answers 503 unless Run runs, 403 where
// CheckOrigin says so, 401 where Authenticate does, 426, 400 or 405 to what is no handshake, 503 if
// there are MaxClients, and then 101.
func (h *Hub) Handler() http.HandlerFunc { return h.serveHTTP }

func (h *Hub) serveHTTP(w http.ResponseWriter, r *http.Request) {
	who, ok := h.admit(w, r)
	if !ok {
		return
	}
	if refusal := ws.CheckHandshake(w, r); refusal != nil {
		h.denyHandshake(w, r, refusal)
		return
	}
	going, err := h.reserve()
	if err != nil {
		h.deny(w, r, err, http.StatusServiceUnavailable)
		return
	}
	link, err := ws.Upgrade(going, w, r, nil, ws.Options{
		MaxMessage: h.MaxMessage, PingInterval: h.PingInterval, Takes: bridge.BothKinds, BoundUnsent: true, Memory: h.memory, Embedded: true, Log: h.Log,
	})
	if err != nil { // the client is gone
		h.release()
		return
	}
	c := h.newClient(link, who, r.RemoteAddr)
	if !h.add(c) {
		h.release()
		turnAway(link, ErrNotRunning)
		return
	}
	h.serving.Go(func() { // so that nothing of the request is kept
		defer h.release()
		h.hold(c)
	})
}

// denyHandshake answers a request that is no handshake. Which protocol is spoken here is said in
// the headers (RFC 9110 section 15.5.22, RFC 6455 section 4.4).
func (h *Hub) denyHandshake(w http.ResponseWriter, r *http.Request, refusal *gate.Refusal) {
	switch refusal.Status {
	case http.StatusUpgradeRequired:
		w.Header().Set("Upgrade", "websocket")
		w.Header().Set("Connection", "Upgrade")
		w.Header().Set("Sec-WebSocket-Version", "13")
	case http.StatusMethodNotAllowed:
		w.Header().Set("Allow", http.MethodGet)
	}
	h.deny(w, r, refusal, refusal.Status)
}

// admit reports whether a client is let in, and who it is. Otherwise it has answered.
func (h *Hub) admit(w http.ResponseWriter, r *http.Request) (who Identity, ok bool) {
	if !h.isRunning() {
		h.refuse(w, r, ErrNotRunning, http.StatusServiceUnavailable, ErrNotRunning.Error())
		return who, false
	}
	if !h.isAllowed(r) {
		h.refuse(w, r, errOrigin, http.StatusForbidden, "Forbidden")
		return who, false
	}
	who, err := h.identify(r)
	if err != nil {
		h.refuse(w, r, err, http.StatusUnauthorized, "Unauthorised")
		return who, false
	}
	return who, true
}

func (h *Hub) isRunning() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.running != nil && h.running.Err() == nil
}

// isAllowed reports whether a page may connect. A panic of the function is a refusal.
func (h *Hub) isAllowed(r *http.Request) (ok bool) {
	if h.CheckOrigin == nil {
		return true
	}
	h.tell("CheckOrigin", func() { ok = h.CheckOrigin(r) })
	return ok
}

// refuse answers a client that is not let in.
func (h *Hub) refuse(w http.ResponseWriter, r *http.Request, cause error, status int, said string) {
	if h.Refused != nil {
		h.tell("Refused", func() { h.Refused(r, cause) })
	}
	if status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "1")
	}
	http.Error(w, said, status)
}
