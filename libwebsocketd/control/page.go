package control

import (
	"embed"
	"net/http"
	"strings"

	"websocketd/libwebsocketd/web"
)

//go:embed page
var pageFiles embed.FS

// newPage returns the page of the operator. It reads its token from the fragment of its URL,
// which no browser sends, and keeps it in memory.
func newPage() *web.Page {
	text := strings.NewReplacer(
		"/*style*/", web.Embedded(pageFiles, "page/style.css"),
		"/*script*/", web.Embedded(pageFiles, "page/script.js")).
		Replace(web.Embedded(pageFiles, "page/page.html"))
	return web.NewPage(text, "connect-src 'self'; img-src data:; form-action 'none'") // 'self' is its own ws: too (CSP3 section 6.7.2.8)
}

// rootPattern is the route of the page.
const rootPattern = "GET /{$}"

// serveRoot answers with the page, or with the state of the server those who prefer JSON.
func (c *Control) serveRoot() http.HandlerFunc {
	page := newPage()
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Add("Vary", "Accept")
		if prefersJSON(r) {
			c.serveServer(w, r)
			return
		}
		page.ServeHTTP(w, r)
	}
}
