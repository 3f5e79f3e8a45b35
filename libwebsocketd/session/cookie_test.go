package session

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"websocketd/libwebsocketd/gate"
)

// ask returns a request that came to a port, with a cookie for the program at a path.
func ask(port int, target, path, cookie string) *http.Request {
	r := httptest.NewRequest("GET", target, nil)
	r.TLS = nil
	r = r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey, &net.TCPAddr{Port: port}))
	r.Header.Set("Cookie", cookieName(r, path)+"="+cookie)
	return r
}

// given returns the cookie that a browser gets for a pass.
func (s *supervisor) given(t *testing.T, r *http.Request, path string, p pass) *http.Cookie {
	t.Helper()
	h := http.Header{}
	s.setCookie(h, r, path, p)
	cookies := (&http.Response{Header: h}).Cookies()
	if len(cookies) != 1 {
		t.Fatalf("Set-Cookie: %q", h.Values("Set-Cookie"))
	}
	return cookies[0]
}

// TestCookieName: the cookies of two ports, and of two programs, do not meet.
func TestCookieName(t *testing.T) {
	t.Parallel()
	names := map[string]bool{}
	for _, port := range []int{80, 8080} {
		for _, path := range []string{"/", "/a", "/80"} {
			names[cookieName(ask(port, "/", path, ""), path)] = true
		}
	}
	if len(names) != 6 {
		t.Errorf("%v", names)
	}
	if r := ask(80, "/", "/", "x.y"); len(passes(r, "/")) != 1 || len(passes(r, "/a")) != 0 {
		t.Error("the cookie of one program is another's")
	}
}

// TestCookie: a cookie is for the program's path as browsers spell it, for no script, for
// no other site, and for no plain HTTP if it came over TLS.
func TestCookie(t *testing.T) {
	t.Parallel()
	s := &supervisor{registry: NewRegistry(0)}
	p := s.registry.reserve("/")
	for _, test := range []struct{ target, path, want string }{
		{"/", "/", "/"},
		{"/below", "/", "/"},
		{"/a", "/a", "/a"},
		{"/a/b/c?x=1", "/a", "/a"},
		{"/a%20b/c", "/a b", "/a%20b"},
		{"/%61/b", "/a", "/%61"},
		{"/caf%C3%A9", "/caf\u00e9", "/caf%C3%A9"},
		{"//a", "/a", "/a"},
		{"/x;y", "/x;y", "/"},
		{"/x%3By", "/x;y", "/x%3By"},
		{"/a/x;y.sh/below;z", "/a/x;y.sh", "/a/"},
		{"/a%25%22b", "/a%\"b", "/a%25%22b"},
	} {
		c := s.given(t, ask(80, test.target, test.path, ""), test.path, p)
		if c.Path != test.want || !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Secure || c.MaxAge <= 0 || c.Value != p.String() {
			t.Errorf("%s at %s: %v", test.path, test.target, c)
		}
	}
	r := ask(80, "/", "/", "")
	r.TLS = &tls.ConnectionState{}
	if !s.given(t, r, "/", p).Secure {
		t.Error("it is sent without TLS, too")
	}
}

// TestMostPasses: a cookie keeps the passes of eight sessions, the newest first, and none
// that opens nothing.
func TestMostPasses(t *testing.T) {
	t.Parallel()
	s := &supervisor{registry: NewRegistry(0)}
	value, latest := "", []string{}
	for range 2 * mostPasses {
		p := s.registry.reserve("/")
		latest = append([]string{p.id}, latest...)
		value = s.given(t, ask(80, "/", "/", value), "/", p).Value
	}
	all := passes(ask(80, "/", "/", value), "/")
	if len(all) != mostPasses {
		t.Fatalf("%d passes", len(all))
	}
	for i, p := range all {
		if p.id != latest[i] {
			t.Errorf("pass %d is %s, want %s", i, p.id, latest[i])
		}
	}
	s.registry.use(all[1].id)
	again := s.given(t, ask(80, "/", "/", "id.secret~a.b.c~"+value), "/", all[2]).Value
	if got := passes(ask(80, "/", "/", again), "/"); len(got) >= mostPasses || got[0] != all[2] || strings.Contains(again, all[1].id) || strings.Contains(again, "id.secret") {
		t.Errorf("the cookie is %s", again)
	}
}

// TestCookiesOfOneName: a cookie of the same name hides no other, whichever comes first.
func TestCookiesOfOneName(t *testing.T) {
	t.Parallel()
	s := &supervisor{registry: NewRegistry(0)}
	p := s.registry.reserve("/")
	junk := strings.Repeat("a.b~", 2*mostPasses)
	name := cookieName(ask(80, "/", "/", ""), "/")
	for _, cookie := range []string{junk + "; " + name + "=" + p.String(), p.String() + "; " + name + "=" + junk} {
		r := ask(80, "/", "/", cookie)
		if got := only(passes(r, "/"), p.id); len(got) != 1 || got[0] != p {
			t.Errorf("of %s: %v", cookie, got)
		}
		other := s.registry.reserve("/")
		if c := s.given(t, r, "/", other); c.Value != other.String()+"~"+p.String() {
			t.Errorf("after %s it is %s", cookie, c.Value)
		}
	}
}

// TestOwnCookies: with Lifetime.URL pages that are loaded at once keep the cookies of both
// sessions, and a browser keeps those of the newest eight that open something.
func TestOwnCookies(t *testing.T) {
	t.Parallel()
	s := &supervisor{registry: NewRegistry(0), life: Lifetime{URL: true}}
	var sent []string // as a browser does, the oldest first
	take := func(h http.Header) {
		for _, c := range (&http.Response{Header: h}).Cookies() {
			sent = slices.DeleteFunc(sent, func(old string) bool { return strings.HasPrefix(old, c.Name+"=") })
			if c.MaxAge >= 0 {
				sent = append(sent, c.Name+"="+c.Value)
			}
		}
	}
	request := func() *http.Request {
		return ask(80, "/", "/", strings.Join(append([]string{"id.secret"}, sent...), "; "))
	}
	first, second := s.registry.reserve("/"), s.registry.reserve("/")
	one, two := http.Header{}, http.Header{}
	s.setCookie(one, request(), "/", first)
	s.setCookie(two, request(), "/", second)
	take(one)
	take(two)
	if all := passes(request(), "/"); len(all) != 3 || all[0] != second || all[1] != first {
		t.Errorf("of two at once there are %v", all)
	}
	s.registry.use(first.id)
	latest := []pass{}
	for range 2 * mostPasses {
		p, h := s.registry.reserve("/"), http.Header{}
		s.setCookie(h, request(), "/", p)
		take(h)
		latest = append([]pass{p}, latest...)
		if strings.Contains(strings.Join(sent, " "), first.id) {
			t.Error("what opens nothing is kept")
		}
	}
	if all := passes(request(), "/"); len(all) != mostPasses+1 || !slices.Equal(all[:mostPasses], latest[:mostPasses]) {
		t.Errorf("of many there are %v", all)
	}
}

// FuzzCookie: whatever a cookie has, no more than so many passes are read of it, none opens
// anything, and the next cookie has the new pass only.
func FuzzCookie(f *testing.F) {
	s := &supervisor{registry: NewRegistry(0)}
	x := &Session{ID: newID(), Path: "/", registry: s.registry}
	x.keys.add(gate.NewSecret())
	s.registry.all[x.ID] = x
	p := s.registry.reserve("/")
	for _, seed := range []string{"", "~", ".", "a.b", "a.b.c", "a.b.c.d", "~~~a.b~~", x.ID + ".", x.ID + "." + x.ID, "\x00.\xff", strings.Repeat("a.b~", 99), p.String() + "x"} {
		f.Add(seed, "/")
	}
	f.Fuzz(func(t *testing.T, cookie, path string) {
		r := ask(80, "/", path, cookie)
		r.URL.Path, r.URL.RawPath = path, ""
		all := passes(r, path)
		if len(all) > mostPasses*len(r.Cookies()) {
			t.Fatalf("%d passes", len(all))
		}
		for _, other := range all {
			if s.byPass(path, other) != nil || s.registry.isOpen(path, &other) && other.String() != p.String() {
				t.Errorf("%q opens something", other)
			}
		}
		if c := s.given(t, r, path, pass{id: "i", secret: "s"}); c.Value != "i.s" && !strings.Contains(cookie, p.String()) || strings.Count(c.Value, "~") >= mostPasses || strings.ContainsAny(c.Raw, "\r\n\x00") {
			t.Errorf("the next cookie is %q", c.Raw)
		}
	})
}
