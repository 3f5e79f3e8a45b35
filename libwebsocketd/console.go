package libwebsocketd

import (
	"crypto/sha256"
	_ "embed" // the page
	"encoding/base64"
	"net/http"
	"strings"
	"time"
)

//go:embed console.html
var consoleHTML string

// console is the developer console: one page, the same for every request. The
// page finds out for itself where it is, so nothing a client sent is in it.
type console struct {
	page   string
	policy string
	start  time.Time
}

// newConsole makes the handler of the console. It answers any method and any
// path, and may be used by any number of requests at once.
func newConsole() http.Handler {
	// A checkout on Windows may have CRLF. A browser takes the hashes of the
	// text with LF, whatever it was sent (HTML, "Preprocessing the input
	// stream").
	page := strings.ReplaceAll(consoleHTML, "\r\n", "\n")
	return &console{
		page: page,
		policy: "default-src 'none'" +
			"; script-src " + hashSource(page, "script") +
			"; style-src " + hashSource(page, "style") +
			"; connect-src 'self' ws: wss:" + // 'self' alone is not ws: everywhere
			"; img-src data:" +
			"; frame-ancestors 'none'" +
			"; base-uri 'none'",
		start: time.Now(),
	}
}

// hashSource is what a policy calls the text of the page's only element of that
// name (Content Security Policy Level 3, section 2.3.1).
func hashSource(page, element string) string {
	_, rest, _ := strings.Cut(page, "<"+element+">")
	text, _, _ := strings.Cut(rest, "</"+element+">")
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// ServeHTTP implements http.Handler.
func (c *console) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Content-Security-Policy", c.policy)
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Referrer-Policy", "no-referrer")
	if header.Get("Cache-Control") == "" {
		// The same URL is a file, or nothing, after the next start.
		header.Set("Cache-Control", "no-cache")
	}
	http.ServeContent(w, r, "", c.start, strings.NewReader(c.page))
}
