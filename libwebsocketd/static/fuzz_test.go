package static

import (
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"websocketd/libwebsocketd/internal/testkit"
)

// FuzzStaticPath asks a file server for paths, as a browser does that follows
// redirects, and compares what it ends up with with the oracle over siteTree.
func FuzzStaticPath(f *testing.F) {
	for _, target := range []string{"", "/", "//", "/.", "/..", "/./", "/../", "/%2e%2e/outside.txt", "/..%2foutside.txt", "/.%2e/outside.txt",
		`/..\outside.txt`, "/../site-sibling/evil.txt", "/plain.txt/../../outside.txt", "/%00", "/%ff", "/sub/index.html", "/index.html",
		"/updir/updir", "//outside.txt", "/o/o/o/.hidden", "/x/../sub", "%2f..", ";", "/.well-known", "/a%20b%2520%C3%BC", "?x=..", "/%2e"} {
		f.Add(target)
	}
	base := makeSite(f)
	site := New(filepath.Join(base, "site"), filepath.Join(base, "site", "cgi"))
	oracle := newSiteOracle(base)
	var all []string
	for _, n := range siteTree {
		if below, ok := strings.CutPrefix(n.name, "site/"); ok && below != "" {
			all = append(all, (&url.URL{Path: "/" + below}).EscapedPath())
		}
	}
	f.Fuzz(func(t *testing.T, target string) {
		if len(target) > 150 {
			t.Skip("long")
		}
		// Each input tries other neighbours, so that one does not take too long.
		start := len(target)
		for _, b := range []byte(target) {
			start += int(b)
		}
		near := []string{target, "/" + target, "/.." + target, target + "/../plain.txt", "/sub" + target}
		for i := range 4 {
			name := all[(start+i*7)%len(all)]
			near = append(near, name+target, name+"/"+target, target+name, "/o/sub/.."+name+target)
		}
		for _, n := range near {
			checkStatic(t, site, oracle, n)
		}
	})
}

func checkStatic(t *testing.T, site *Files, oracle siteOracle, target string) {
	u, err := url.ParseRequestURI(target)
	if err != nil || u.Opaque != "" || u.IsAbs() || strings.ContainsRune(u.Path, 0) && len(u.Path) > 200 {
		return
	}
	clean := testkit.OracleClean(u.Path)
	want := oracle.page(strings.TrimSuffix(clean, "/index.html"))
	got, seen := browse(t, site, u)
	if strings.Contains(got.content, secret) {
		t.Fatalf("%q: %s\nshows %s", target, seen, got.content)
	}
	if strings.HasSuffix(clean, "/index.html/") {
		return // the file as a directory: any answer without a secret will do
	}
	if got.status != want.status || got.content != want.content || !slices.Equal(got.names, want.names) {
		t.Errorf("%q: %s\n%+v\nthe oracle: %+v", target, seen, got, want)
	}
	// To say whether there is a file is to promise that it is served.
	_, existsHere := oracle.visible(strings.TrimSuffix(clean, "/"))
	if has := site.HasFile(u.Path); has && !existsHere {
		t.Errorf("hasFile(%q) though there is none", u.Path)
	}
}

// browse follows redirects to their end. seen lists the addresses on the way.
func browse(t *testing.T, site http.Handler, u *url.URL) (p page, seen string) {
	for range 6 {
		w := httptest.NewRecorder()
		r := &http.Request{Method: http.MethodGet, URL: u, Header: http.Header{}, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1}
		site.ServeHTTP(w, r)
		seen += u.String() + " " + http.StatusText(w.Code) + "; "
		if w.Code != http.StatusMovedPermanently {
			return readPage(t, w), seen
		}
		to, err := url.Parse(w.Header().Get("Location"))
		if err != nil || to.Host != "" || to.Scheme != "" {
			t.Fatalf("%s: a redirect to %q", seen, w.Header().Get("Location"))
		}
		// As a browser would have sent it in the first place.
		from := &url.URL{Scheme: "http", Host: "a.com", Path: u.Path, RawPath: u.RawPath}
		u = from.ResolveReference(to)
		u.Scheme, u.Host = "", ""
	}
	t.Errorf("%s and so on", seen)
	return page{}, seen
}

var anchor = regexp.MustCompile(`<a href="([^"]*)">([^<]*)</a>\n`)

// readPage takes a listing apart. Both halves of an entry must name the same.
func readPage(t *testing.T, w *httptest.ResponseRecorder) page {
	body := w.Body.String()
	if w.Code != http.StatusOK {
		return page{status: w.Code}
	}
	if !strings.HasPrefix(body, "<!doctype html>\n") {
		return page{status: w.Code, content: body}
	}
	p := page{status: w.Code, names: []string{}}
	for _, a := range anchor.FindAllStringSubmatch(body, -1) {
		to, err := url.Parse(html.UnescapeString(a[1]))
		if name := html.UnescapeString(a[2]); err != nil || strings.TrimPrefix(to.Path, "./") != name || to.Fragment != "" || to.RawQuery != "" {
			t.Errorf("the entry %q leads to %q", name, a[1])
		}
		p.names = append(p.names, html.UnescapeString(a[2]))
	}
	slices.Sort(p.names)
	if n := strings.Count(body, "\n") - 4; n != len(p.names) {
		t.Errorf("%d entries in %d lines:\n%s", len(p.names), n, body)
	}
	return p
}
