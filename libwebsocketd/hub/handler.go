package hub

import (
	"errors"
	"fmt"
	"net/http"

	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/ws"
)

// errOrigin is why a page may not connect.
var errOrigin = errors.New("the origin is not allowed")

// Handler returns the handler of the WebSocket. It answers 503 unless Run runs, 403 where
// CheckOrigin says so, 401 where Authenticate does, and then 101.
func (h *Hub) Handler() http.HandlerFunc { return h.serveHTTP }

func (h *Hub) serveHTTP(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	going := h.running
	h.mu.Unlock()
	if going == nil || going.Err() != nil {
		h.refuse(w, r, ErrNotRunning, http.StatusServiceUnavailable, ErrNotRunning.Error())
		return
	}
	if h.CheckOrigin != nil && !h.CheckOrigin(r) {
		h.refuse(w, r, errOrigin, http.StatusForbidden, "Forbidden")
		return
	}
	who, err := h.identify(r)
	if err != nil {
		h.refuse(w, r, err, http.StatusUnauthorized, "Unauthorised")
		return
	}
	link, err := ws.Upgrade(going, w, r, nil, ws.Options{
		MaxMessage: h.MaxMessage, PingInterval: h.PingInterval, Takes: bridge.BothKinds, BoundUnsent: true, Log: h.Log,
	})
	if err != nil { // gorilla has answered
		return
	}
	if c := h.newClient(link, who, r.RemoteAddr); !h.add(c) {
		link.CloseSend(bridge.ErrGoingAway)
		link.Close()
	}
}

// identify returns who a client is. A panic of the Authenticator is a refusal.
func (h *Hub) identify(r *http.Request) (who Identity, err error) {
	if h.Authenticate == nil {
		return Identity{}, nil
	}
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the authenticator has panicked: %v", p)
		}
	}()
	if who, err = h.Authenticate(r); err == nil && who.User == "" {
		err = errors.New("the authenticator names no user")
	}
	return who, err
}

// refuse answers a client that is not let in.
func (h *Hub) refuse(w http.ResponseWriter, r *http.Request, cause error, status int, said string) {
	if h.Refused != nil {
		defer func() {
			if p := recover(); p != nil {
				h.Log.Error("a callback of the hub has panicked", "panic", p)
			}
		}()
		h.Refused(r, cause)
	}
	http.Error(w, said, status)
}
