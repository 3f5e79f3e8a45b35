package libwebsocketd

import (
	"context"
	"log/slog"
	"net/http"

	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/exchange"
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
	s.mount(pattern, mounted{handler: h})
}

// Mounted has Serve answer what a pattern of [http.ServeMux] matches and is no WebSocket
// handshake, before every program and every file. The Request has no program; its Named and
// At lead to one, and check what it requires. Before, the Host is checked, and a client is let
// in that may reach some program. Otherwise it is like what Server.Mount mounts.
type Mounted struct {
	Pattern string
	Serve   func(w http.ResponseWriter, req *Request)

	// IsPage reports whether a request is for a page that says nothing of a program, so that
	// pages of other sites may lead to it. nil is none.
	IsPage func(r *http.Request) bool

	// Conceal returns the URL of any request without what the log must not have; nil leaves
	// it as it is.
	Conceal func(r *http.Request, url string) string
}

// conceal returns the URL of a request as the log may have it.
func (s *Server) conceal(r *http.Request, url string) string {
	for _, m := range s.cfg.Mounts {
		if m.Conceal != nil {
			url = m.Conceal(r, url)
		}
	}
	return url
}

func (s *Server) mount(pattern string, m mounted) {
	s.mounts.Handle(pattern, m)
	s.mounted.Store(true)
	if m.handler != nil {
		s.upgrades.Store(true)
	}
}

// mounted is what is mounted: one of the two.
type mounted struct {
	handler http.Handler
	face    func(w http.ResponseWriter, req *Request)
	isPage  func(r *http.Request) bool // nil is none
}

// mountedKey is that of the Request in the Context of what a Mounted serves.
type mountedKey struct{}

func (m mounted) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if m.handler != nil {
		m.handler.ServeHTTP(exchange.Unclocked(w), r)
		return
	}
	req := r.Context().Value(mountedKey{}).(*Request)
	req.HTTP = r // with the values of the pattern
	m.face(w, req)
}

// serveMounted answers a request if it is for a mounted handler, and reports whether it
// is.
func (s *Server) serveMounted(w http.ResponseWriter, r *http.Request, from remote, id string, log *slog.Logger) bool {
	if !s.mounted.Load() || isUpgrade(r) && (!s.upgrades.Load() || s.dialect(r) != nil) {
		return false
	}
	h, pattern := s.mounts.Handler(r)
	m, ours := h.(mounted) // else a redirect to where something is mounted
	isFace := m.face != nil
	if pattern == "" || isUpgrade(r) && (isFace || !ours) {
		return false
	}
	s.setHeaders(w)
	refusal := s.letInToMounted(r, m, ours, &from)
	defer from.seat.Leave()
	if refusal == nil && !s.begin() {
		refusal = gate.GoingAway
	}
	if refusal != nil {
		s.refuse(w, r, from.log(log), refusal)
		return true
	}
	defer s.running.Done()
	defer s.conns.forget(acceptedConn(r.Context())) // h may have hijacked it
	logging.At(from.log(log), logging.LevelAccess, "http", "MOUNTED")
	ctx := r.Context()
	if isFace {
		gone, settle := untilGone(r)
		defer settle()
		ctx = context.WithValue(gone, mountedKey{}, s.newRequest(r, route{}, from, id, log, w.Header()))
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer after.Done(s.ctx, func() { cancel(bridge.ErrGoingAway) })()
	defer cancel(nil)
	s.mounts.ServeHTTP(w, r.WithContext(ctx))
	return true
}

// letInToMounted checks a request for what is mounted, or, if it is not ours, for a redirect
// to that. Whom another site has led to a page, or to a redirect, needs no origin.
func (s *Server) letInToMounted(r *http.Request, m mounted, ours bool, from *remote) (refusal *gate.Refusal) {
	led := gate.IsLed(r) && (!ours || m.isPage != nil && m.isPage(r))
	if m.face != nil || !ours {
		if refusal := checkPath(r.URL.Path); refusal != nil {
			return refusal
		}
		return s.letInAnywhere(r, from, led)
	}
	if !led {
		refusal = s.checkOrigin(r)
	}
	if refusal == nil {
		refusal = s.prove(r, s.own.access, "", from)
	}
	return refusal
}

// checkOrigin checks a request that is for none of the programs against the origins of
// the Config.
func (s *Server) checkOrigin(r *http.Request) *gate.Refusal { return s.own.checkOrigin(r) }

// checkOrigin checks a request of either kind against the origins of the program.
func (p *program) checkOrigin(r *http.Request) *gate.Refusal {
	if isUpgrade(r) {
		return p.origins.Check(r)
	}
	return p.origins.CheckPlain(r)
}
