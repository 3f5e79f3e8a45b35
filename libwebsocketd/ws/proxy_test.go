package ws

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/gorilla/websocket"

	"websocketd/libwebsocketd/internal/bridgetest"
)

// proxy is an HTTP proxy for CONNECT, and what it was asked for.
func proxy(t *testing.T, status int) (at *url.URL, asked func() string) {
	t.Helper()
	var mu sync.Mutex
	var all []string
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		all = append(all, strings.TrimSpace(r.Method+" "+r.Host+" "+r.Header.Get("Proxy-Authorization")))
		mu.Unlock()
		if status != http.StatusOK {
			http.Error(w, "not allowed here", status)
			return
		}
		to, err := net.Dial("tcp", r.Host)
		if err != nil {
			t.Error(err)
			return
		}
		defer to.Close()
		c, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer c.Close()
		io.WriteString(c, "HTTP/1.1 200 Connection established\r\n\r\n")
		var back sync.WaitGroup
		back.Go(func() { io.Copy(c, to); c.Close() })
		io.Copy(to, c)
		to.Close()
		back.Wait()
	}))
	t.Cleanup(s.Close)
	at, _ = url.Parse(s.URL)
	return at, func() string {
		mu.Lock()
		defer mu.Unlock()
		return strings.Join(all, ", ")
	}
}

// TestDialThroughProxy: with and without TLS; what the proxy refuses is told as its own.
func TestDialThroughProxy(t *testing.T) {
	t.Parallel()
	greets := gorilla(t, func(ws *websocket.Conn, _ *http.Request) {
		ws.WriteMessage(websocket.TextMessage, []byte("hello"))
		ws.ReadMessage()
	})
	plain, secure := httptest.NewServer(greets), httptest.NewTLSServer(greets)
	defer plain.Close()
	defer secure.Close()
	at, asked := proxy(t, http.StatusOK)
	at.User = url.UserPassword("me", "secret")
	o := DialOptions{TLS: secure.Client().Transport.(*http.Transport).TLSClientConfig, Proxy: func(r *http.Request) (*url.URL, error) {
		if r.URL.Scheme != "http" && r.URL.Scheme != "https" {
			t.Errorf("a proxy for %s", r.URL)
		}
		return at, nil
	}}
	for _, server := range []*httptest.Server{plain, secure} {
		w := dial(t, server.URL, o)
		if batch, err := w.Receive(); bridgetest.Text(batch) != "hello" || err != nil {
			t.Errorf("%q, %v", bridgetest.Text(batch), err)
		}
		w.Close()
	}
	if want := fmt.Sprintf("CONNECT %s Basic bWU6c2VjcmV0, CONNECT %s Basic bWU6c2VjcmV0", plain.Listener.Addr(), secure.Listener.Addr()); asked() != want {
		t.Errorf("%s, want %s", asked(), want)
	}
	at, _ = proxy(t, http.StatusForbidden)
	if _, err := Dial(t.Context(), plain.URL, o); err == nil || !strings.HasSuffix(err.Error(), ": 403 Forbidden: not allowed here") || !strings.HasPrefix(err.Error(), "proxy ") {
		t.Error(err)
	}
	at = &url.URL{Scheme: "socks5", Host: "a.example", User: url.UserPassword("me", "secret")}
	if _, err := Dial(t.Context(), plain.URL, o); err == nil || strings.Contains(err.Error(), "secret") || !strings.Contains(err.Error(), "only http and https proxies") {
		t.Error(err)
	}
}
