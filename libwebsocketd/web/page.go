package web

import (
	"crypto/sha256"
	"encoding/base64"
	"io/fs"
	"net/http"
	"strings"
	"time"
)

// Page is a page that is the same for every request, so nothing that a client sent is in it.
// Its only script and its only style stand in it, and its policy lets no other run.
type Page struct{ text, policy, etag string }

// NewPage returns a Page, which may serve any number of requests at once. more are the
// directives by which its policy lets it do more than run its script (Content Security Policy
// Level 3, section 6).
func NewPage(text, more string) *Page {
	return &Page{
		text: text,
		policy: "default-src 'none'" +
			"; script-src " + hashSource(text, "script") +
			"; style-src " + hashSource(text, "style") +
			"; " + more +
			"; frame-ancestors 'none'" +
			"; base-uri 'none'",
		etag: `"` + hashOf(text) + `"`,
	}
}

// hashSource returns the hash-source by which a policy names the text of the page's only
// element of that name (Content Security Policy Level 3, section 2.3.1).
func hashSource(page, element string) string {
	_, rest, _ := strings.Cut(page, "<"+element+">")
	text, _, _ := strings.Cut(rest, "</"+element+">")
	return "'sha256-" + hashOf(text) + "'"
}

func hashOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// ServeHTTP answers any method and any path with the page.
func (p *Page) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Content-Security-Policy", p.policy)
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("ETag", p.etag)
	suggest(header, "Cache-Control", "no-cache") // after the next start the same URL may be a file, or nothing
	http.ServeContent(w, r, "", time.Time{}, strings.NewReader(p.text))
}

// Embedded returns a file that is built in, with LF: a checkout on Windows may have CRLF, and
// a browser hashes a script with LF, whatever it was sent (HTML, "Preprocessing the input
// stream").
func Embedded(files fs.ReadFileFS, name string) string {
	text, err := files.ReadFile(name)
	if err != nil {
		panic(err) // embedded, so it is there
	}
	return strings.ReplaceAll(string(text), "\r\n", "\n")
}
