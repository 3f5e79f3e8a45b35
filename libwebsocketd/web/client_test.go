package web

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
)

const clientScript = ClientPath + "client.js"

// TestClientHeaders: a page of any origin may load the script, and asks again each time
// whether it has changed, unless it names it by its hash.
func TestClientHeaders(t *testing.T) {
	t.Parallel()
	c := NewClient()
	whole := askConsole(c, "GET", clientScript)
	tag := whole.Header().Get("ETag")
	if !regexp.MustCompile(`^"[0-9a-f]{16}"$`).MatchString(tag) || whole.Body.Len() == 0 {
		t.Fatalf("%s, %d bytes", tag, whole.Body.Len())
	}
	right := clientScript + "?v=" + strings.Trim(tag, `"`)
	const forever = "public, max-age=31536000, immutable"
	for _, test := range []struct {
		method, target, match, control string
		status                         int
	}{
		{"GET", clientScript, "", "no-cache", 200},
		{"HEAD", clientScript, "", "no-cache", 200},
		{"GET", clientScript, tag, "no-cache", 304},
		{"HEAD", clientScript, `"other", W/` + tag, "no-cache", 304},
		{"GET", clientScript, `"other"`, "no-cache", 200},
		{"GET", right, "", forever, 200},
		{"GET", right, tag, forever, 304},
		{"GET", right + "0", "", "no-cache", 200},
		{"GET", clientScript + "?v=" + strings.ToUpper(strings.Trim(tag, `"`)), "", "no-cache", 200},
		{"GET", clientScript + "?v=", "", "no-cache", 200},
	} {
		w := askConsole(c, test.method, test.target, "If-None-Match: "+test.match)
		wantBody := test.status == http.StatusOK && test.method == "GET"
		if w.Code != test.status || wantBody && w.Body.String() != whole.Body.String() || !wantBody && w.Body.Len() > 0 {
			t.Errorf("%s %s %s: %d and %d bytes", test.method, test.target, test.match, w.Code, w.Body.Len())
		}
		for name, want := range map[string]string{
			"Cache-Control": test.control, "ETag": tag, "Access-Control-Allow-Origin": "*",
			"Cross-Origin-Resource-Policy": "cross-origin", "X-Content-Type-Options": "nosniff", "Last-Modified": "", "Set-Cookie": "",
		} {
			if got := w.Header().Get(name); got != want {
				t.Errorf("%s %s %s: %s: %q", test.method, test.target, test.match, name, got)
			}
		}
		if got := w.Header().Get("Content-Type"); test.status == 200 && got != "text/javascript; charset=utf-8" {
			t.Errorf("%s: %s", test.target, got)
		}
	}
}

// TestClientKeepsHeaders: what the operator says of caches and of other origins wins.
func TestClientKeepsHeaders(t *testing.T) {
	t.Parallel()
	own := map[string]string{"Cache-Control": "max-age=60", "Access-Control-Allow-Origin": "https://a.example", "Cross-Origin-Resource-Policy": "same-site"}
	c, w := NewClient(), httptest.NewRecorder()
	for name, value := range own {
		w.Header().Set(name, value)
	}
	w.Header().Set("Content-Type", "text/plain")
	c.ServeHTTP(w, httptest.NewRequest("GET", clientScript, nil))
	for name, want := range own {
		if got := w.Header().Get(name); got != want {
			t.Errorf("%s: %q", name, got)
		}
	}
	if got := w.Header().Get("Content-Type"); got != "text/javascript; charset=utf-8" {
		t.Errorf("Content-Type: %s", got)
	}
}

// TestClientScript: it can be had and nothing else, and it is self-contained: it names no
// server, needs no eval, and no source map is asked for.
func TestClientScript(t *testing.T) {
	t.Parallel()
	c := NewClient()
	for _, path := range []string{"/", ClientPath, clientScript + "/", ClientPath + "embed.go", ClientPath + "console.json", "/client.js"} {
		if c.Has(path) {
			t.Errorf("there is a script at %s", path)
		}
	}
	for path, s := range c.scripts {
		for _, unwanted := range []string{"https://", "http://", "sourceMappingURL", "eval(", "new Function", "innerHTML", "\r"} {
			if strings.Contains(s.text, unwanted) {
				t.Errorf("%s has %q", path, unwanted)
			}
		}
	}
	if !c.Has(clientScript) {
		t.Error("it is not there")
	}
}
