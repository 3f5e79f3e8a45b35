package gate

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/url"
	"testing"
)

// asks returns a request for a URL, which has come to a port of this server.
func asks(t testing.TB, address string, local net.Addr) *http.Request {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	r := &http.Request{Method: http.MethodGet, Host: u.Host, URL: &url.URL{Path: u.Path, RawPath: u.RawPath, RawQuery: u.RawQuery}, Header: http.Header{}}
	if u.Scheme == "https" {
		r.TLS = &tls.ConnectionState{}
	}
	return r.WithContext(context.WithValue(t.Context(), http.LocalAddrContextKey, local))
}

// TestResource: the URL of what is asked for has one form, and so has that of its metadata.
func TestResource(t *testing.T) {
	for address, want := range map[string][2]string{
		"http://h/mcp":              {"http://h/mcp", "http://h/.well-known/oauth-protected-resource/mcp"},
		"https://H.Example:443/a/b": {"https://h.example/a/b", "https://h.example/.well-known/oauth-protected-resource/a/b"},
		"https://h:8443/?x=1":       {"https://h:8443/", "https://h:8443/.well-known/oauth-protected-resource"},
		"http://h:443/mcp/":         {"http://h:443/mcp/", "http://h:443/.well-known/oauth-protected-resource/mcp/"},
		"http://[0::1]:80":          {"http://[::1]/", "http://[::1]/.well-known/oauth-protected-resource"},
		"http://h//a/../b%2f%22c":   {`http://h/b/%22c`, `http://h/.well-known/oauth-protected-resource/b/%22c`},
	} {
		r := asks(t, address, nil)
		if got := Resource(r, r.URL.Path); got != want[0] {
			t.Errorf("%s: %s, want %s", address, got, want[0])
		}
		if got := metadataOf(r); got != want[1] {
			t.Errorf("%s: metadata at %s, want %s", address, got, want[1])
		}
		u, _ := url.Parse(want[1])
		if path, ok := ResourceOf(u.Path); !ok || Resource(r, path) != want[0] {
			t.Errorf("%s: the metadata are of %q, %v", u.Path, path, ok)
		}
	}
	for _, host := range []string{"", `h"x`, "h/x", "u@h", "h:x"} {
		r := asks(t, "http://h/", nil)
		r.Host = host
		if got := Resource(r, "/") + metadataOf(r); got != "" {
			t.Errorf("Host %q: %s", host, got)
		}
	}
	for _, path := range []string{"/", "/.well-known", "/.well-known/oauth-protected-resources", "/x/.well-known/oauth-protected-resource", ""} {
		if of, ok := ResourceOf(path); ok {
			t.Errorf("%s is the metadata of %s", path, of)
		}
	}
}

// TestAudience: a token is for what it names and what is below, where Host is known to be this
// server's. Whoever has a token for another server gets nowhere by naming that.
func TestAudience(t *testing.T) {
	tcp := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 8080}
	unix := &net.UnixAddr{}
	open := NewAudience([]string{"0.0.0.0", "::", ""}, []string{"mcp.example.com", "*.example.org", "*"})
	loopback := NewAudience(nil, nil)
	at := func(port int) net.Addr { return &net.TCPAddr{Port: port} }
	for _, test := range []struct {
		a        *Audience
		address  string
		local    net.Addr
		from     Client
		audience string
		want     bool
	}{
		{open, "http://mcp.example.com:8080/mcp", tcp, Client{}, "http://mcp.example.com:8080/mcp", true},
		{open, "http://MCP.Example.com:8080/mcp/", tcp, Client{}, "http://mcp.example.com:8080/mcp", true},
		{open, "http://mcp.example.com:8080/mcp", tcp, Client{}, "http://mcp.example.com:8080/mcp/", true},
		{open, "http://mcp.example.com:8080/mcp/x", tcp, Client{}, "http://mcp.example.com:8080/mcp", true},
		{open, "http://mcp.example.com:8080/mcp", tcp, Client{}, "http://mcp.example.com:8080", true},
		{open, "http://mcp.example.com:8080/mcp", tcp, Client{}, "http://mcp.example.com:8080/", true},
		{open, "http://mcp.example.com:8080/", tcp, Client{}, "http://mcp.example.com:8080/", true},
		// Another path, port, scheme or host.
		{open, "http://mcp.example.com:8080/mcp2", tcp, Client{}, "http://mcp.example.com:8080/mcp", false},
		{open, "http://mcp.example.com:8080/mcp", tcp, Client{}, "http://mcp.example.com:8080/mcp/x", false},
		{open, "http://mcp.example.com:8080/mcp/../x", tcp, Client{}, "http://mcp.example.com:8080/mcp", false},
		{open, "http://mcp.example.com:8080//x/..%2fmcp", tcp, Client{}, "http://mcp.example.com:8080/x", false},
		{open, "http://mcp.example.com:8080/mcp", tcp, Client{}, "http://mcp.example.com/mcp", false},
		{open, "http://mcp.example.com:9090/mcp", tcp, Client{}, "http://mcp.example.com:9090/mcp", false},
		{open, "http://mcp.example.com/mcp", tcp, Client{}, "http://mcp.example.com/mcp", false},
		{open, "http://mcp.example.com:8080/mcp", tcp, Client{}, "https://mcp.example.com:8080/mcp", false},
		{open, "http://evil.example:8080/mcp", tcp, Client{}, "http://evil.example:8080/mcp", false},
		{open, "http://x.example.org:8080/", tcp, Client{}, "http://x.example.org:8080/", false},
		{open, "http://10.0.0.1:8080/", tcp, Client{}, "http://10.0.0.1:8080/", false},
		{open, "http://localhost:8080/", tcp, Client{}, "http://localhost:8080/", false},
		{loopback, "http://mcp.example.com:8080/", tcp, Client{}, "http://mcp.example.com:8080/", false},
		{loopback, "http://localhost:8080/", tcp, Client{}, "http://localhost:8080/", true},
		{loopback, "http://127.0.0.1:8080/", tcp, Client{}, "http://127.0.0.1:8080", true},
		{NewAudience([]string{"192.0.2.7"}, nil), "http://192.0.2.7:8080/", tcp, Client{}, "http://192.0.2.7:8080/", true},
		// What is no URL of a resource.
		{open, "http://mcp.example.com:8080/", tcp, Client{}, "", false},
		{open, "http://mcp.example.com:8080/", tcp, Client{}, "http:", false},
		{open, "http://mcp.example.com:8080/", tcp, Client{}, "http://", false},
		{open, "http://mcp.example.com:8080/", tcp, Client{}, "/", false},
		{open, "http://mcp.example.com:8080/", tcp, Client{}, "http://mcp.example.com", false},
		// The scheme's own port, and that of a proxy.
		{open, "https://mcp.example.com/", at(443), Client{}, "https://mcp.example.com/", true},
		{open, "https://mcp.example.com/", tcp, Client{Trusted: true}, "https://mcp.example.com", true},
		{open, "https://mcp.example.com/", unix, Client{Unix: true}, "https://mcp.example.com", true},
		{open, "https://mcp.example.com:444/", tcp, Client{Trusted: true}, "https://mcp.example.com:444", false},
		{open, "https://evil.example/", unix, Client{Unix: true}, "https://evil.example", false},
	} {
		if got := test.a.Has(asks(t, test.address, test.local), test.from, test.audience); got != test.want {
			t.Errorf("%s for %q, %+v: %v", test.audience, test.address, test.from, got)
		}
	}
	for _, a := range []*Audience{NewAudience([]string{"0.0.0.0"}, nil), NewAudience([]string{"::"}, []string{"*", "*.example.com"}), NewAudience([]string{""}, nil)} {
		if !a.IsEmpty() {
			t.Errorf("%+v knows a name", a.hosts)
		}
	}
	if open.IsEmpty() || loopback.IsEmpty() {
		t.Error("a name is not known")
	}
}
