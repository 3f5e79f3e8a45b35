package libwebsocketd

import (
	"log/slog"
	"net/http"
	"sync"

	"websocketd/libwebsocketd/gate"
	"websocketd/libwebsocketd/logging"
	"websocketd/libwebsocketd/web"
)

// Where the page finds what it asks this server for. Only the console serves them.
const (
	consoleDocumentPath = "/.websocketd/console.json" // GET: what the server has, shownPrograms
	consoleFeedPath     = "/.websocketd/console"      // WebSocket: a feed
)

// console is the developer console, and what its page asks the server.
type console struct {
	*web.Console
	server *Server

	mu       sync.Mutex
	feeds    map[string]*pageFeed // by their marks
	watching map[keptAt][]*pageFeed
}

// newConsole makes the console of a server. It may be used by any number of
// requests at once.
func newConsole(s *Server) *console {
	return &console{Console: web.NewConsole(), server: s, feeds: map[string]*pageFeed{}, watching: map[keptAt][]*pageFeed{}}
}

// serveOwn answers a request of the page itself, if it is one. No page of another
// origin may make it, whatever --origin says of programs.
func (c *console) serveOwn(w http.ResponseWriter, r *http.Request, log *slog.Logger) bool {
	if c == nil || r.URL.Path != consoleDocumentPath && r.URL.Path != consoleFeedPath {
		return false
	}
	refusal := gate.CheckOwnPage(r)
	if refusal == nil && r.URL.Path == consoleDocumentPath && r.Method != http.MethodGet && r.Method != http.MethodHead {
		refusal = newRefusal(http.StatusMethodNotAllowed, "the list of programs is read with GET")
	}
	if refusal != nil {
		c.server.refuse(w, log, refusal)
		return true
	}
	logging.At(log, logging.LevelAccess, "http", "DEVCONSOLE")
	if r.URL.Path == consoleDocumentPath {
		c.servePrograms(w, r)
	} else {
		c.serveFeed(w, r, log)
	}
	return true
}
