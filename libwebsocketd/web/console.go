package web

import (
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"io/fs"
	"net/http"
	"strings"
	"time"

	"websocketd/clients/js"
)

//go:embed console
var consoleFiles embed.FS

// consoleScripts is the order of the page's scripts, which a browser gets as one.
var consoleScripts = []string{"base", "words", "text", "json", "rows", "filter", "list", "row", "token", "server", "connection", "outage", "history", "kept", "send", "state", "keys", "main"}

// Console serves one page, the same for every request. The page finds out its own
// address, so nothing that a client sent is in it.
type Console struct {
	page   string
	policy string
	etag   string
}

// NewConsole returns a Console, which may serve any number of requests at once.
func NewConsole() *Console {
	page := consolePage(consoleFiles)
	return &Console{
		page: page,
		policy: "default-src 'none'" +
			"; script-src " + hashSource(page, "script") +
			"; style-src " + hashSource(page, "style") +
			"; connect-src 'self' ws: wss:" + // 'self' alone is not ws: everywhere
			"; img-src data:" +
			"; frame-ancestors 'none'" +
			"; base-uri 'none'",
		etag: `"` + hashOf(page) + `"`,
	}
}

// consolePage returns the page's sources joined into one, with the browser client. So the
// page needs no other request, and the policy names its only script and its only style.
func consolePage(files fs.ReadFileFS) string {
	var script strings.Builder
	for _, name := range consoleScripts {
		script.WriteString(consoleSource(files, "script/"+name+".js"))
	}
	return strings.NewReplacer(
		"/*style*/", consoleSource(files, "style.css"),
		"/*client*/", embedded(js.Bundle, "dist/client.js"),
		"/*script*/", script.String()).
		Replace(consoleSource(files, "page.html"))
}

// consoleSource returns one of the page's sources. A browser hashes it with LF, whatever it
// was sent (HTML, "Preprocessing the input stream").
func consoleSource(files fs.ReadFileFS, name string) string {
	return embedded(files, "console/"+name)
}

// embedded returns a file that is built in, with LF: a checkout on Windows may have CRLF.
func embedded(files fs.ReadFileFS, name string) string {
	text, err := files.ReadFile(name)
	if err != nil {
		panic(err) // embedded, so it is there
	}
	return strings.ReplaceAll(string(text), "\r\n", "\n")
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
func (c *Console) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Content-Security-Policy", c.policy)
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("ETag", c.etag)
	suggest(header, "Cache-Control", "no-cache") // after the next start the same URL may be a file, or nothing
	http.ServeContent(w, r, "", time.Time{}, strings.NewReader(c.page))
}
