package session

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"websocketd/libwebsocketd"
)

// site are the files of a page, which withSite serves for a program at a path.
var site = fstest.MapFS{
	"index.html": {Data: []byte("a page"), ModTime: time.Unix(1e9, 0)}, "app.js": {},
	"build/index.html": {Data: []byte("a page of build"), ModTime: time.Unix(1e9, 0)}, "build/app.js": {}, "empty/x": {},
}

func withSite(path string) func(*libwebsocketd.Config) {
	return func(c *libwebsocketd.Config) {
		c.Static = site
		if path != "/" {
			p := c.Program()
			p.Name, p.Path, p.Command = "program", path, c.Command
			c.Programs, c.Command, c.Lifetime = []libwebsocketd.Program{p}, nil, nil
		}
	}
}

// TestPageCookie: the page at the program's path sets the cookie of a session, and nothing
// else does. It starts no process.
func TestPageCookie(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		program, method, target string
		status                  int
		cookie                  bool
	}{
		{"/", "GET", "/", 200, true},
		{"/", "HEAD", "/", 200, true},
		{"/", "GET", "/?x=1", 200, true},
		{"/", "PUT", "/", 405, false},
		{"/", "GET", "/index.html", 301, false},
		{"/", "GET", "//", 301, false},
		{"/", "GET", "//elsewhere/..", 301, false},
		{"/", "GET", "/app.js", 200, false},
		{"/", "GET", "/none", 404, false},
		{"/build", "GET", "/", 200, false},
		{"/build", "GET", "/build/", 200, true},
		{"/build", "GET", "/build/index.html", 301, false},
		{"/build", "GET", "/build/app.js", 200, false},
		{"/build", "GET", "/build/none", 404, false},
		{"/empty", "GET", "/empty/", 200, false}, // a listing is no page
		{"/none", "GET", "/none", 404, false},
	} {
		s := serve(t, greeting, Lifetime{}, withSite(test.program))
		for _, since := range []string{"", "Sun, 09 Sep 2001 01:46:40 GMT"} {
			if since != "" && !test.cookie {
				continue
			}
			c, status := s.browser(), test.status
			if since != "" {
				c.header.Set("If-Modified-Since", since)
				status = 304
			}
			answer := c.begin(test.method, test.target, "", "")
			set := answer.Header.Get("Set-Cookie")
			if answer.StatusCode != status || (set != "") != test.cookie {
				t.Errorf("%s: %s %s: %d, cookie %q", test.program, test.method, test.target, answer.StatusCode, set)
			}
			if !test.cookie {
				continue
			}
			if keep := answer.Header.Get("Cache-Control"); keep != "private, no-cache" || !strings.Contains(set, "; Path="+test.program+"; ") {
				t.Errorf("%s: %s, cookie %s", test.target, keep, set)
			}
			if again := c.begin(test.method, test.target, "", "").Header.Get("Set-Cookie"); again != "" {
				t.Errorf("%s: set again: %s", test.program, again)
			}
		}
		if n := s.Registry.Len(); n != 0 {
			t.Errorf("%s: %d sessions", test.target, n)
		}
	}
}

// TestPageReload: who loads the page again is back in the session, and all that are open
// see the same.
func TestPageReload(t *testing.T) {
	t.Parallel()
	s := serve(t, greeting, Lifetime{}, withSite("/build"))
	b := s.browser()
	b.do("GET", "/build/", "", "")
	first, second := b.dial("/build"), b.dial("/build/")
	hello := read(first)
	reads(t, second, hello)
	write(second, "one")
	reads(t, first, "one")
	first.Close()
	second.Close()
	if set := b.begin("GET", "/build/", "", "").Header.Get("Set-Cookie"); set != "" {
		t.Errorf("a new cookie: %s", set)
	}
	reads(t, b.dial("/build"), hello, "one")
	if n := s.Registry.Len(); n != 1 {
		t.Errorf("%d sessions", n)
	}
}

// location returns where an answer leads, and the session there.
func location(t *testing.T, answer *http.Response) (where, id string) {
	t.Helper()
	u, err := url.Parse(answer.Header.Get("Location"))
	if err != nil || answer.StatusCode != http.StatusTemporaryRedirect || u.Host != "" || answer.Header.Get("Cache-Control") != "no-store" {
		t.Fatalf("%d %v", answer.StatusCode, answer.Header)
	}
	return u.String(), u.Query().Get("session")
}

// TestPageLogged: the log says whether a page was served or redirected.
func TestPageLogged(t *testing.T) {
	t.Parallel()
	s := serve(t, greeting, Lifetime{}, withSite("/"))
	location(t, s.browser().begin("GET", "/?session=new&token=secret", "", ""))
	s.browser().do("GET", "/", "", "")
	logged := strings.Join(append(s.Category("http"), s.Category("")...), "\n") // STATIC is the server's, REDIRECT the Usher's
	if strings.Count(logged, "REDIRECT") != 1 || strings.Count(logged, "STATIC") != 1 || strings.Contains(logged, "secret") {
		t.Errorf("logged: %s", logged)
	}
}

// TestPageURL: with Lifetime.URL every load of the program's path is a session of its own,
// with a URL that works for this browser and for no other.
func TestPageURL(t *testing.T) {
	t.Parallel()
	s := serve(t, greeting, Lifetime{URL: true}, withSite("/"))
	b := s.browser()
	one, first := location(t, b.begin("GET", "/?theme=a%26b", "", ""))
	two, second := location(t, b.begin("GET", "/", "", ""))
	if first == second || len(first) != 32 || one != "/?session="+first+"&theme=a%26b" {
		t.Fatalf("%s, then %s", one, two)
	}
	for _, where := range []string{one, two} {
		if status, body := b.do("GET", where, "", ""); status != 200 || body != "a page" {
			t.Errorf("%s: %d %s", where, status, body)
		}
	}
	x, y := read(b.dial(one)), read(b.dial(two))
	if !strings.HasSuffix(x, " 1") || !strings.HasSuffix(y, " 2") {
		t.Errorf("%s and %s", x, y)
	}
	reads(t, b.dial(one), x)
	if status, _ := b.do("GET", one, "", ""); status != 200 {
		t.Errorf("the page again: %d", status)
	}
	other := s.browser()
	if page, _ := other.do("GET", one, "", ""); page != 403 || other.refused(one) != 403 {
		t.Errorf("another browser: the page %d", page)
	}
	for _, where := range []string{"/?session=none", "/?session=" + strings.Repeat("0", 32)} {
		if page, body := b.do("GET", where, "", ""); page != 404 || b.refused(where) != 404 {
			t.Errorf("%s: %d %s", where, page, body)
		}
	}
	if n := s.Registry.Len(); n != 2 {
		t.Errorf("%d sessions", n)
	}
}

// TestPageNew: the page of session=new is one of a new session, also without Lifetime.URL.
func TestPageNew(t *testing.T) {
	t.Parallel()
	s := serve(t, greeting, Lifetime{}, withSite("/"))
	b := s.browser()
	b.do("GET", "/", "", "")
	x := read(b.dial("/"))
	where, _ := location(t, b.begin("GET", "/?session=new", "", ""))
	if y := read(b.dial(where)); x == y || s.Registry.Len() != 2 {
		t.Errorf("%q and %q", x, y)
	}
}

// TestPageTicket: a ticket in the URL of a page is good for one browser, which gets a
// cookie for it and a URL without the ticket.
func TestPageTicket(t *testing.T) {
	t.Parallel()
	s := serve(t, greeting, Lifetime{}, withSite("/"))
	made, holder := s.make()
	_, text := holder.do("POST", "/?session="+made.ID+"&ticket=new", asJSON, "")
	_, ticket, _ := strings.Cut(text, `"ticket":"`)
	ticket, _, _ = strings.Cut(ticket, `"`)
	hello := read(holder.dial("/?session=" + made.ID))
	at := "/?session=" + made.ID + "&x=1&token=" + ticket
	b := s.browser()
	where, id := location(t, b.begin("GET", at, "", ""))
	if id != made.ID || strings.Contains(where, "token") || !strings.Contains(where, "x=1") {
		t.Fatalf("to %s", where)
	}
	if status, body := b.do("GET", where, "", ""); status != 200 {
		t.Errorf("%d %s", status, body)
	}
	reads(t, b.dial(where), hello)
	reads(t, b.dial("/"), hello)
	late := s.browser()
	if status, _ := late.do("GET", at, "", ""); status != 403 || late.refused("/?session="+made.ID) != 403 {
		t.Errorf("used again: %d", status)
	}
	reads(t, holder.dial("/?session="+made.ID), hello)
	if holder.secret == b.passes()[0].secret {
		t.Error("the secret was given away")
	}
}

// TestPageRoot: with Hooks.Root every browser gets the page of that session.
func TestPageRoot(t *testing.T) {
	t.Parallel()
	root := ""
	s := serve(t, greeting, Lifetime{Hooks: &Hooks{Root: func(*http.Request) string { return root }}}, withSite("/"))
	made, holder := s.make()
	hello := read(holder.dial("/?session=" + made.ID))
	root = made.ID
	a, b := s.browser(), s.browser()
	for _, c := range []*client{a, b} {
		c.do("GET", "/", "", "")
		reads(t, c.dial("/"), hello)
	}
	if set := a.begin("GET", "/", "", "").Header.Get("Set-Cookie"); set != "" {
		t.Errorf("set again: %s", set)
	}
	root = "gone"
	other := s.browser()
	other.do("GET", "/", "", "")
	if got := read(other.dial("/")); got == hello {
		t.Errorf("without a root: %s", got)
	}
}

// TestPageFromElsewhere: a browser that follows a link of another site sends no cookie. It
// is made to ask again from here, and keeps its session.
func TestPageFromElsewhere(t *testing.T) {
	t.Parallel()
	for _, byURL := range []bool{false, true} {
		s := serve(t, greeting, Lifetime{URL: byURL}, withSite("/"))
		c := s.stranger()
		for name, value := range map[string]string{"Site": "cross-site", "Mode": "navigate", "Dest": "document"} {
			c.header.Set("Sec-Fetch-"+name, value)
		}
		answer := c.begin("GET", "/?x=1", "", "")
		_, body := c.do("GET", "/?x=1", "", "")
		if answer.StatusCode != 200 || answer.Header.Get("Set-Cookie") != "" || answer.Header.Get("Cache-Control") != "no-store" || !strings.Contains(body, `content="0"`) {
			t.Errorf("%d %v %s", answer.StatusCode, answer.Header, body)
		}
		c.header.Set("Sec-Fetch-Site", "same-origin")
		if answer := c.begin("GET", "/?x=1", "", ""); answer.Header.Get("Set-Cookie") == "" {
			t.Errorf("%d %v", answer.StatusCode, answer.Header)
		}
	}
}

// TestPageKey: a page with a cookie is for no shared cache, whatever the operator has all
// answers say.
func TestPageKey(t *testing.T) {
	t.Parallel()
	s := serve(t, greeting, Lifetime{}, withPage(t), func(c *libwebsocketd.Config) {
		c.HeaderHTTP = http.Header{"Cache-Control": {"public, max-age=60"}}
	})
	b := s.browser()
	for _, want := range []string{"private, no-cache", "public, max-age=60"} { // the second time it has its cookie
		if got := b.begin("GET", "/", "", "").Header.Get("Cache-Control"); got != want {
			t.Errorf("Cache-Control is %q, want %q", got, want)
		}
	}
}
