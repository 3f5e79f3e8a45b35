package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
)

// askConsole returns the console's answer to one request, header lines as NAME: VALUE.
func askConsole(c http.Handler, method, target string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, strings.NewReader("a body"))
	for _, line := range header {
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	c.ServeHTTP(w, r)
	return w
}

// TestConsoleEverywhere asks by every method for all kinds of paths and gets
// the same page, with nothing of the request in it.
func TestConsoleEverywhere(t *testing.T) {
	c := NewConsole()
	page := askConsole(c, "GET", "/").Body.String()
	if !regexp.MustCompile(`(?s)^<!--.*BSD 2-Clause.*?-->\s*<!DOCTYPE html>`).MatchString(page) {
		t.Errorf("the page begins with %q", page[:200])
	}
	for _, want := range []string{"<title>websocketd console</title>", `<meta name="viewport"`} {
		if !strings.Contains(page, want) {
			t.Errorf("the page has no %s", want)
		}
	}
	for _, method := range []string{"GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "BREW"} {
		for _, target := range []string{"/", "/a/b.sh?c=%3Cscript%3E", "/%22%3E%3Cscript%3Ealert(1)%3C/script%3E", "//evil.example/", "/index.html", "/dir/"} {
			w := askConsole(c, method, target, "Referer: <script>", "X-Forwarded-Host: evil.example")
			if w.Code != http.StatusOK || w.Body.String() != page {
				t.Errorf("%s %s: %d and %d bytes, not the page", method, target, w.Code, w.Body.Len())
			}
			for name, values := range w.Header() {
				if strings.Contains(strings.Join(values, ""), "evil") || strings.Contains(strings.Join(values, ""), "script>") {
					t.Errorf("%s %s: %s reflects it: %q", method, target, name, values)
				}
			}
		}
	}
}

func TestConsoleHeaders(t *testing.T) {
	w := askConsole(NewConsole(), "GET", "/x")
	for name, want := range map[string]string{
		"Content-Type":           "text/html; charset=utf-8",
		"X-Content-Type-Options": "nosniff",
		"Referrer-Policy":        "no-referrer",
		"Cache-Control":          "no-cache",
		"Accept-Ranges":          "bytes",
	} {
		if got := w.Header().Get(name); got != want {
			t.Errorf("%s: %q, not %q", name, got, want)
		}
	}
	if tag := w.Header().Get("ETag"); !regexp.MustCompile(`^"[A-Za-z0-9+/=]{44}"$`).MatchString(tag) || w.Header().Get("Last-Modified") != "" {
		t.Errorf("ETag %s, Last-Modified %q", tag, w.Header().Get("Last-Modified"))
	}
}

// TestConsoleKeepsCacheControl: a header that the operator sets wins.
func TestConsoleKeepsCacheControl(t *testing.T) {
	w := httptest.NewRecorder()
	w.Header().Set("Cache-Control", "max-age=60")
	NewConsole().ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	if got := w.Header().Get("Cache-Control"); got != "max-age=60" {
		t.Errorf("Cache-Control: %q", got)
	}
}

// TestConsolePolicy takes the hashes itself, of what was served.
func TestConsolePolicy(t *testing.T) {
	w := askConsole(NewConsole(), "GET", "/")
	hash := func(element string) string {
		all := regexp.MustCompile(`(?s)<`+element+`\b[^>]*>(.*?)</`+element+`>`).FindAllStringSubmatch(w.Body.String(), -1)
		if len(all) != 1 {
			t.Fatalf("the page has %d elements %s, and the policy names one", len(all), element)
		}
		sum := sha256.Sum256([]byte(all[0][1]))
		return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
	}
	want := "default-src 'none'; script-src " + hash("script") + "; style-src " + hash("style") +
		"; connect-src 'self' ws: wss:; img-src data:; frame-ancestors 'none'; base-uri 'none'"
	if got := w.Header().Get("Content-Security-Policy"); got != want {
		t.Errorf("policy\n%s, not\n%s", got, want)
	}
}

// TestConsoleLineEnds: a checkout with CRLF serves the same page.
func TestConsoleLineEnds(t *testing.T) {
	windows := fstest.MapFS{}
	err := fs.WalkDir(consoleFiles, ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		text, err := consoleFiles.ReadFile(name)
		windows[name] = &fstest.MapFile{Data: bytes.ReplaceAll(text, []byte("\n"), []byte("\r\n"))}
		return err
	})
	if err != nil || consolePage(windows) != consolePage(consoleFiles) {
		t.Errorf("CRLF in the files makes another page (%v)", err)
	}
}

// TestConsoleSources: every script is in the page, and the page is made of nothing
// else.
func TestConsoleSources(t *testing.T) {
	scripts, err := consoleFiles.ReadDir("console/script")
	if err != nil || len(scripts) != len(consoleScripts) {
		t.Errorf("%d scripts, %d in the page: %v", len(scripts), len(consoleScripts), err)
	}
	if page := consolePage(consoleFiles); strings.Contains(page, "/*style*/") || strings.Contains(page, "/*script*/") {
		t.Error("a place in the page is empty")
	}
}

// TestConsoleSelfContained: the page names nothing the policy would refuse.
func TestConsoleSelfContained(t *testing.T) {
	page := askConsole(NewConsole(), "GET", "/").Body.String()
	for what, pattern := range map[string]string{
		"an address":        `(?i)https?://|wss?://[a-z0-9]|["'(]//`,
		"a style attribute": `(?i)\sstyle\s*=\s*["']|setAttribute\("style|cssText`,
		"an inline handler": `(?i)<[a-z][^<>]*\son[a-z]+\s*=`,
		"a resource":        `(?i:\ssrc\s*=)|@import|\burl\(`,
		"text as code":      `innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function`,
	} {
		if found := regexp.MustCompile(pattern).FindString(page); found != "" {
			t.Errorf("the page has %s: %q", what, found)
		}
	}
}

func TestConsoleConditional(t *testing.T) {
	c := NewConsole()
	full := askConsole(c, "GET", "/")
	tag := full.Header().Get("ETag")
	if w := askConsole(c, "GET", "/other", "If-None-Match: "+tag); w.Code != http.StatusNotModified || w.Body.Len() > 0 {
		t.Errorf("If-None-Match: %d and %d bytes", w.Code, w.Body.Len())
	}
	if w := askConsole(c, "GET", "/", `If-None-Match: "other"`); w.Code != http.StatusOK {
		t.Errorf("If-None-Match of another page: %d", w.Code)
	}
	w := askConsole(c, "GET", "/", "Range: bytes=5-14")
	if w.Code != http.StatusPartialContent || w.Body.String() != full.Body.String()[5:15] {
		t.Errorf("a range: %d %q", w.Code, w.Body)
	}
	if w := askConsole(c, "GET", "/", "Range: bytes=99999999-"); w.Code != http.StatusRequestedRangeNotSatisfiable {
		t.Errorf("a range behind the end: %d", w.Code)
	}
	if w := askConsole(c, "HEAD", "/"); w.Code != http.StatusOK || w.Body.Len() > 0 || w.Header().Get("Content-Length") == "" {
		t.Errorf("HEAD: %d and %d bytes", w.Code, w.Body.Len())
	}
}

// TestConsoleSize: the page stays small enough for a slow line.
func TestConsoleSize(t *testing.T) {
	const most = 45_000 // compressed
	var packed bytes.Buffer
	z, _ := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	page := consolePage(consoleFiles)
	io.WriteString(z, page)
	z.Close()
	t.Logf("%d bytes, %d compressed", len(page), packed.Len())
	if packed.Len() > most {
		t.Errorf("%d bytes compressed, more than %d", packed.Len(), most)
	}
}
