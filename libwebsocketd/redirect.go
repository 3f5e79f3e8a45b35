package libwebsocketd

import (
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"websocketd/libwebsocketd/gate"
)

const (
	redirectWait = 10 * time.Second
	redirectIdle = 60 * time.Second
)

// redirectListener marks a listener whose requests are only redirected.
type redirectListener struct{ net.Listener }

// newRedirect returns the server of --redirport, which redirects every request to the
// main port.
func newRedirect(s *Server) *http.Server {
	return &http.Server{
		Handler:      http.HandlerFunc(s.redirect),
		ReadTimeout:  redirectWait,
		WriteTimeout: redirectWait,
		IdleTimeout:  redirectIdle,
		ErrorLog:     s.cfg.ErrorLog,
		ConnState:    s.conns.note,
		ConnContext:  withConn,

		MaxHeaderBytes: s.cfg.headerBytes(),

		DisableGeneralOptionsHandler: true,
	}
}

// redirect answers what asks for a proof of a name, see Issuer, and all else 301 with the same host, path and query. The host is checked as for
// every request. In any case it is a name or an address and nothing else.
func (s *Server) redirect(w http.ResponseWriter, r *http.Request) {
	if refusal := s.conns.begin(r); refusal != nil {
		s.answer(w, r, refusal)
		return
	}
	defer s.conns.end(r)
	if s.answerChallenge(w, r) {
		return
	}
	if refusal := s.checkHost(r); refusal != nil {
		s.answer(w, r, refusal)
		return
	}
	host, ok := gate.HostName(r)
	if !ok {
		newRefusal(http.StatusBadRequest, "a redirect needs the header Host with a host name").Write(w, r)
		return
	}
	scheme, usual := "http://", 80
	if s.cfg.WantsTLS() {
		scheme, usual = "https://", 443
	}
	if port := s.cfg.port(); port != usual {
		host += ":" + strconv.Itoa(port)
	}
	uri := r.URL.RequestURI()
	if !strings.HasPrefix(uri, "/") {
		uri = "/" // OPTIONS *
	}
	http.Redirect(w, r, scheme+host+uri, http.StatusMovedPermanently)
}
