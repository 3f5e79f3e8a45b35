package libwebsocketd

import (
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	redirectWait = 10 * time.Second
	redirectIdle = 60 * time.Second
)

// redirectListener marks a listener whose connections are only sent elsewhere.
type redirectListener struct{ net.Listener }

// newRedirect is the server behind --redirport: whatever it is asked, it names
// the same thing on the main port.
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

// redirect answers 301 with the same host, path and query. The host is one of
// ours: the check for it is the same as everywhere.
func (s *Server) redirect(w http.ResponseWriter, r *http.Request) {
	if refusal := s.conns.begin(r); refusal != nil {
		s.answer(w, refusal)
		return
	}
	defer s.conns.end(r)
	if refusal := s.checkHost(r); refusal != nil {
		s.answer(w, refusal)
		return
	}
	host := r.Host
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	if host == "" {
		http.Error(w, "400 Bad Request: a redirect needs the header Host", http.StatusBadRequest)
		return
	}
	scheme := "http://"
	if s.cfg.wantsTLS() {
		scheme = "https://"
	}
	uri := r.URL.RequestURI()
	if !strings.HasPrefix(uri, "/") {
		uri = "/" // OPTIONS *
	}
	target := scheme + net.JoinHostPort(host, strconv.Itoa(s.cfg.port())) + uri
	http.Redirect(w, r, target, http.StatusMovedPermanently)
}
