package gate

import (
	"net"
	"net/url"
	"path"
	"strings"
	"testing"
)

// FuzzAudience asks for tokens of any audience: one is good only if, read as a URL, it names this
// server, its port and the path that is asked for, or one above it.
func FuzzAudience(f *testing.F) {
	const own = "mcp.example.com:8080"
	for _, audience := range []string{"http://" + own + "/a", "http://" + own, "http:", "http://mcp.example.com:8080@evil.example/", "http://" + own + "/a%2Fb", "HTTP://" + own + "/", "//" + own + "/a", "http://" + own + "//a"} {
		f.Add(own, "/a/b", audience)
	}
	f.Add("evil.example:8080", "/a", "http://evil.example:8080/a")
	f.Add("mcp.example.com", "/a/../b", "http://mcp.example.com/a")
	f.Add("mcp.example.com.:8080", "//a/./b", "http://mcp.example.com.:8080/a/")
	a := NewAudience([]string{"0.0.0.0"}, []string{"mcp.example.com"})
	f.Fuzz(func(t *testing.T, host, at, audience string) {
		r := asks(t, "http://h/", &net.TCPAddr{Port: 8080})
		r.Host, r.URL = host, &url.URL{Path: at}
		if !a.Has(r, Client{}, audience) {
			return
		}
		u, err := url.Parse(audience)
		if err != nil || u.Scheme != "http" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
			t.Fatalf("%q is good for %q %q", audience, host, at)
		}
		name, port, _ := strings.Cut(u.Host, ":")
		asked, above := path.Clean("/"+at)+"/", strings.TrimSuffix(path.Clean("/"+u.Path), "/")+"/"
		if strings.TrimSuffix(name, ".") != "mcp.example.com" || port != "8080" || !strings.HasPrefix(asked, above) && asked != "//" {
			t.Errorf("%q is good for %q %q", audience, host, at)
		}
	})
}
