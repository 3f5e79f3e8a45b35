package harness

import (
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"sync/atomic"
)

// Wall is an HTTP proxy that answers some requests itself, with 403 or 502, as proxies
// between a page and its server do.
type Wall struct {
	Addr string // host:port

	stops atomic.Pointer[func(*http.Request) int]
}

// What a [Wall] may stop.
var (
	// Nothing passes everything on.
	Nothing = func(*http.Request) int { return 0 }
	// Upgrades answers the handshakes of WebSockets with 403.
	Upgrades = func(r *http.Request) int {
		if r.Header.Get("Upgrade") != "" {
			return http.StatusForbidden
		}
		return 0
	}
	// Everything answers every request with 502.
	Everything = func(*http.Request) int { return http.StatusBadGateway }
)

// NewWall starts a wall before a server. It ends with the test.
func NewWall(t T, target string, stops func(*http.Request) int) *Wall {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("listen: %v", err)
	}
	w := &Wall{Addr: listener.Addr().String()}
	w.Stop(stops)
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(&url.URL{Scheme: "http", Host: target})
			r.Out.Host = r.In.Host
		},
		FlushInterval: -1, // events go at once
		ErrorHandler:  func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) },
	}
	server := &http.Server{Handler: http.HandlerFunc(func(answer http.ResponseWriter, r *http.Request) {
		if status := (*w.stops.Load())(r); status > 0 {
			http.Error(answer, "the proxy does not let it pass", status)
			return
		}
		proxy.ServeHTTP(answer, r)
	})}
	go server.Serve(listener)
	t.Cleanup(func() { server.Close() })
	return w
}

// Stop sets which requests are stopped from now on: those for which stops returns a
// status.
func (w *Wall) Stop(stops func(*http.Request) int) { w.stops.Store(&stops) }
