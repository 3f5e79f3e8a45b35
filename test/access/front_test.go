package access

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/gorilla/websocket"
)

// front is a proxy between a browser and a house. Each request comes from an address of its
// own, because wrong proofs of one address are slowed. It shows what no page can show: a
// certificate, and the header of a proxy that knows its users.
type front struct {
	place string // its URL
	shows atomic.Pointer[proof]
}

// blankPath is where the front itself has a page, which needs no credentials, and a WebSocket.
const blankPath = "/blank"

// newFront starts a front of h, which ends with the test.
func newFront(t *testing.T, h *house) *front {
	t.Helper()
	f := &front{}
	f.shows.Store(&proof{})
	target := &url.URL{Scheme: "http", Host: h.Addr}
	if h.secure() {
		target.Scheme = "https"
	}
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(target)
			r.Out.Host = r.In.Host
			for _, line := range f.shows.Load().lines {
				name, value, _ := strings.Cut(line, ": ")
				r.Out.Header.Add(name, value)
			}
		},
		Transport:     f.transport(),
		FlushInterval: -1, // events go at once
		ErrorHandler:  func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) },
	}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path != blankPath:
			proxy.ServeHTTP(w, r)
		case websocket.IsWebSocketUpgrade(r):
			if c, err := new(websocket.Upgrader).Upgrade(w, r, nil); err == nil {
				c.ReadMessage() // up to its end
				c.Close()
			}
		default:
			blank(w, r)
		}
	}))
	t.Cleanup(s.Close)
	f.place = s.URL
	return f
}

// transport makes a connection for each request.
func (f *front) transport() *http.Transport {
	return &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: ownAddress()}}
			return dialer.DialContext(ctx, network, address)
		},
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true, GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			if own := f.shows.Load().certificate; own != nil {
				return own, nil
			}
			return &tls.Certificate{}, nil
		}},
	}
}
