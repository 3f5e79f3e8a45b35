package control

import (
	"embed"
	"net/http"
	"strings"

	"websocketd/libwebsocketd/web"
)

//go:embed page
var pageFiles embed.FS

// pageScripts is the order of the page's scripts, which a browser gets as one.
var pageScripts = []string{"base", "table", "chart", "store", "ended", "actions", "programs", "lists", "feed", "tail", "main"}

// newPage returns the page of the operator. It reads its token from the fragment of its URL,
// which no browser sends, and keeps it in memory.
func newPage() *web.Page {
	var script strings.Builder
	for _, name := range pageScripts {
		script.WriteString(web.Embedded(pageFiles, "page/script/"+name+".js"))
	}
	text := strings.NewReplacer(
		"/*style*/", web.Embedded(pageFiles, "page/style.css"),
		"/*script*/", script.String()).
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
			c.serveIndex(w, r)
			return
		}
		page.ServeHTTP(w, r)
	}
}
