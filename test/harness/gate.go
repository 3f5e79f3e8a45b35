package harness

import (
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"sync/atomic"
)

// Gate is an HTTP proxy before a server, as a company has one: while it is closed it answers
// WebSocket handshakes with 403, and passes on everything else.
type Gate struct {
	Addr string // host:port

	closed  atomic.Bool
	refused atomic.Int64
	passed  atomic.Int64
}

// NewGate starts a closed gate before a server. It ends with the test.
func NewGate(t T, target string) *Gate {
	t.Helper()
	g := &Gate{}
	g.closed.Store(true)
	transport := &http.Transport{DisableCompression: true}
	pass := &httputil.ReverseProxy{
		Rewrite:       func(r *httputil.ProxyRequest) { r.SetURL(&url.URL{Scheme: "http", Host: target}) },
		FlushInterval: -1,
		Transport:     transport,
		ErrorHandler:  func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) },
		ErrorLog:      log.New(io.Discard, "", 0),
	}
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		upgrade := r.Header.Get("Upgrade") != ""
		switch {
		case upgrade && g.closed.Load():
			g.refused.Add(1)
			http.Error(w, "<h1>Forbidden</h1>", http.StatusForbidden)
			return
		case upgrade:
			g.passed.Add(1)
		}
		pass.ServeHTTP(w, r)
	}))
	s.Config.ErrorLog = pass.ErrorLog
	s.Start()
	g.Addr = s.Listener.Addr().String()
	t.Cleanup(func() {
		s.CloseClientConnections()
		s.Close()
		transport.CloseIdleConnections()
	})
	return g
}

// Close has the gate refuse handshakes from now on.
func (g *Gate) Close() { g.closed.Store(true) }

// Open has the gate pass everything on.
func (g *Gate) Open() { g.closed.Store(false) }

// Refused returns how many handshakes were refused.
func (g *Gate) Refused() int { return int(g.refused.Load()) }

// Passed returns how many handshakes were passed on.
func (g *Gate) Passed() int { return int(g.passed.Load()) }
