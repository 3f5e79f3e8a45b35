package web

import (
	"embed"
	"io/fs"
	"strings"

	"websocketd/clients/js"
)

//go:embed console
var consoleFiles embed.FS

// consoleScripts is the order of the page's scripts, which a browser gets as one.
var consoleScripts = []string{"base", "words", "text", "json", "rows", "filter", "list", "row", "token", "server", "connection", "outage", "history", "kept", "send", "events", "mcp", "mcpwords", "form", "ask", "tools", "state", "keys", "main"}

// Console is the page of the developer console. It finds out its own address.
type Console struct{ *Page }

// NewConsole returns a Console, which may serve any number of requests at once.
func NewConsole() *Console {
	return &Console{NewPage(consolePage(consoleFiles), "connect-src 'self' ws: wss:"+ // 'self' alone is not ws: everywhere
		"; img-src data:")}
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
		"/*client*/", Embedded(js.Bundle, "dist/client.js"),
		"/*script*/", script.String()).
		Replace(consoleSource(files, "page.html"))
}

// consoleSource returns one of the page's sources.
func consoleSource(files fs.ReadFileFS, name string) string {
	return Embedded(files, "console/"+name)
}
