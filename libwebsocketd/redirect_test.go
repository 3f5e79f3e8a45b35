package libwebsocketd

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"websocketd/libwebsocketd/gate"
)

// known returns a server that only knows its own names.
func known(cfg Config, hosts *gate.Hosts) *Server {
	s := &Server{cfg: cfg, conns: newConns(0, 0, nil)}
	s.own = &program{hosts: hosts}
	s.routes.Store(&routes{})
	return s
}

// redirected asks the second server.
func redirected(t testing.TB, cfg Config, a asked, method string) *httptest.ResponseRecorder {
	t.Helper()
	s := known(cfg, gate.NewHosts([]string{"127.0.0.1", "::1"}, []string{"a.com", "2001:db8::1"}, nil))
	r := a.request(t)
	r.Method = method
	w := httptest.NewRecorder()
	s.redirect(w, r)
	return w
}

func TestRedirect(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		cfg    Config
		host   string
		target string
		want   string // "" is no redirect
	}{
		{Config{Port: 8080}, "a.com", "/x?y", "http://a.com:8080/x?y"},
		{Config{Port: 8443, TLSCert: "c", TLSKey: "k"}, "a.com:80", "/x?y", "https://a.com:8443/x?y"},
		{Config{TLSCert: "c", TLSKey: "k"}, "a.com", "/", "https://a.com/"},
		{Config{TLSCert: "c", TLSKey: "k"}, "[2001:db8::1]:80", "/", "https://[2001:db8::1]/"},
		{Config{Port: 80, TLSCert: "c", TLSKey: "k"}, "a.com", "/", "https://a.com:80/"},
		{Config{}, "a.com", "/", "http://a.com/"},
		{Config{Port: 443}, "A.com", "/", "http://a.com:443/"},
		{Config{Port: 1}, "[::1]", "/", "http://[::1]:1/"},
		{Config{Port: 1}, "[::1]:2", "/", "http://[::1]:1/"},
		{Config{Port: 1}, "[2001:db8::1]:2", "/", "http://[2001:db8::1]:1/"},
		{Config{Port: 1}, "a.com.", "/", "http://a.com.:1/"},
		{Config{Port: 1}, "a.com:", "/", "http://a.com:1/"},
		{Config{Port: 1}, "a.com", "/%2f%C3%A4%20?a=%26", "http://a.com:1/%2f%C3%A4%20?a=%26"},
		{Config{Port: 1}, "a.com", "//b.com/..//", "http://a.com:1//b.com/..//"},
		{Config{Port: 1}, "a.com", "*", "http://a.com:1/"},
		{Config{Port: 1}, "a.com", "/?", "http://a.com:1/?"},
		{Config{Port: 1}, "b.com", "/", ""},
		{Config{Port: 1}, "::1", "/", "http://[::1]:1/"},
		{Config{Port: 1}, "a.com@b.com", "/", ""},
		{Config{Port: 1}, "[::1]b.com", "/", ""},
	} {
		for _, method := range []string{"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "CONNECT"} {
			w := redirected(t, test.cfg, asked{host: test.host, target: test.target}, method)
			got := w.Header().Get("Location")
			if got != test.want || (w.Code == http.StatusMovedPermanently) != (test.want != "") {
				t.Errorf("%s %s %s: %d to %q, expected %q", method, test.host, test.target, w.Code, got, test.want)
			}
			if test.want == "" && w.Code != http.StatusMisdirectedRequest {
				t.Errorf("%s: %d, expected 421", test.host, w.Code)
			}
		}
	}
}

// A unix socket and a foreign listener take any name, but none is no name.
func TestRedirectWithoutHost(t *testing.T) {
	t.Parallel()
	for _, host := range []string{"", "b.com@a.com", "a.com/x", "a b", ":80", "a.com:http", "[::1", "\u00fc.com"} {
		a := asked{unix: true}
		r := a.request(t)
		r.Host = host
		s := known(Config{Port: 1}, gate.NewHosts(nil, nil, nil))
		w := httptest.NewRecorder()
		s.redirect(w, r)
		if w.Code != http.StatusBadRequest || w.Header().Get("Location") != "" || strings.Count(w.Body.String(), "\n") != 1 {
			t.Errorf("%q: %d to %q: %s", host, w.Code, w.Header().Get("Location"), w.Body)
		}
	}
}

// FuzzRedirect: whatever is asked, the redirect leads to our own host and port,
// with the path and query that were asked for.
func FuzzRedirect(f *testing.F) {
	for _, target := range []string{"/", "//b.com", `/\b.com`, "/@b.com", "/..//b.com?x#y", "*", "http://b.com/", "/%0d%0aX:y", "/\x7f", "/?\"<>", "/%zz?%zz"} {
		f.Add(target)
	}
	f.Fuzz(func(t *testing.T, target string) {
		u, err := url.ParseRequestURI(target)
		if err != nil || u.Host != "" || u.Opaque != "" || strings.Contains(u.RawQuery, "#") || strings.Contains(target, " ") {
			return // nothing that could stand in a request line
		}
		r := asked{}.request(t)
		r.URL, r.RequestURI = u, target
		s := known(Config{Port: 8080}, gate.NewHosts(nil, []string{"a.com"}, nil))
		w := httptest.NewRecorder()
		s.redirect(w, r)
		location := w.Header().Get("Location")
		to, err := url.Parse(location)
		if w.Code != http.StatusMovedPermanently || err != nil || to.Scheme != "http" || to.Host != "a.com:8080" || to.User != nil || strings.ContainsAny(location, "\r\n\x00 ") {
			t.Fatalf("%q: %d to %q, %v", target, w.Code, location, err)
		}
		query := "" // what no URL may have is escaped
		for _, b := range []byte(u.RawQuery) {
			if b < 0x80 {
				query += string(rune(b))
			} else {
				query += fmt.Sprintf("%%%02x", b)
			}
		}
		if strings.HasPrefix(target, "/") && (to.Path != u.Path || to.RawQuery != query) {
			t.Errorf("%q: the path %q and the query %q of %q", target, to.Path, to.RawQuery, location)
		}
	})
}
