package libwebsocketd

import (
	"log/slog"
	"net/http"
	"sync"

	"websocketd/libwebsocketd/gate"
	"websocketd/libwebsocketd/logging"
	"websocketd/libwebsocketd/web"
)

// The URL paths of what the page requests from this server. Only the console serves them.
const (
	consoleDocumentPath = "/.websocketd/console.json" // GET: what the server has, shownPrograms
	consoleFeedPath     = "/.websocketd/console"      // WebSocket: a feed
)

// console is the developer console: its page, and what the page requests.
type console struct {
	*web.Console
	server *Server

	mu       sync.Mutex
	feeds    map[string]*pageFeed // by their marks
	watching map[keptAt][]*pageFeed
}

// newConsole returns the console of a server, which may serve any number of requests at
// once.
func newConsole(s *Server) *console {
	return &console{Console: web.NewConsole(), server: s, feeds: map[string]*pageFeed{}, watching: map[keptAt][]*pageFeed{}}
}

// serveOwn answers a request of the page itself, and reports whether r is one. No page of
// another origin may make it, whatever --origin says of programs.
func (c *console) serveOwn(w http.ResponseWriter, r *http.Request, from remote, log *slog.Logger) bool {
	if c == nil || r.URL.Path != consoleDocumentPath && r.URL.Path != consoleFeedPath {
		return false
	}
	refusal := gate.CheckOwnPage(r)
	if refusal == nil && r.URL.Path == consoleDocumentPath && r.Method != http.MethodGet && r.Method != http.MethodHead {
		refusal = newRefusal(http.StatusMethodNotAllowed, "the list of programs is read with GET")
	}
	if refusal == nil {
		refusal = c.server.prove(r, c.server.own.access, "", &from)
	}
	log = from.log(log)
	if refusal != nil {
		c.server.refuse(w, r, log, refusal)
		return true
	}
	logging.At(log, logging.LevelAccess, "http", "DEVCONSOLE")
	if r.URL.Path == consoleDocumentPath {
		c.servePrograms(w, from.Local())
	} else {
		c.serveFeed(w, r, from, log)
	}
	return true
}
