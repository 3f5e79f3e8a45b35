package connect

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"sync/atomic"
	"testing"
)

// TestRefused: where WebSockets are blocked, one message that is refused is told, and those
// after it are sent; what is read together is sent message by message.
func TestRefused(t *testing.T) {
	t.Parallel()
	s, _ := serve(t, `echo ready; while read -r line; do echo "got $line"; [ "$line" != end ] || exit 3; done`, "--shared", "--maxframesize=10")
	var bad atomic.Bool // the proxy has lost the server
	pass := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: s.Addr})
	pass.Transport = new(http.Transport)
	t.Cleanup(pass.Transport.(*http.Transport).CloseIdleConnections)
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Header.Get("Upgrade") != "":
			http.Error(w, "<h1>Forbidden</h1>", http.StatusForbidden)
		case r.Method == http.MethodPost && bad.CompareAndSwap(true, false):
			http.Error(w, "<h1>Bad Gateway</h1>", http.StatusBadGateway)
		default:
			pass.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(proxy.Close)
	c := start(t, "--resume", proxy.URL)
	c.out.Await(t, "ready")
	c.say(t, "a\nfar too long a line\nb\n")
	c.out.Await(t, "got b")
	c.err.Await(t, "not sent: 413 Request Entity Too Large")
	bad.Store(true)
	c.say(t, "c\nd\n")
	c.out.Await(t, "got d")
	c.err.Await(t, "a message may be lost: 502 Bad Gateway")
	c.say(t, "end\n")
	c.ends(t, 3, "ready\ngot a\ngot b\ngot d\ngot end\n", "not sent")
}
