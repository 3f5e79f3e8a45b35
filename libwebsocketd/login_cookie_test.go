package libwebsocketd

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
)

// TestCookieHash: servers at different ports, or unix sockets, have different cookies.
func TestCookieHash(t *testing.T) {
	t.Parallel()
	hashes := map[string]bool{}
	for _, local := range []net.Addr{&net.TCPAddr{Port: 80}, &net.TCPAddr{Port: 81}, &net.UnixAddr{Name: "/a"}, &net.UnixAddr{Name: "/b"}} {
		r := httptest.NewRequest("GET", "/", nil)
		hashes[CookieHash(r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey, local)), "/x")] = true
	}
	if len(hashes) != 4 {
		t.Errorf("%v", hashes)
	}
}
