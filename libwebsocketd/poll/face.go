package poll

import (
	"net/http"

	"websocketd/libwebsocketd"
)

// Face answers requests for a program that are no WebSocket handshakes. It is a
// libwebsocketd.Face, serves programs of every lifetime, and has no state.
type Face struct{}

// New makes a Face, for libwebsocketd.Config.Faces.
func New() Face { return Face{} }

// Speaks reports whether a request is one of those in the package's list.
func (Face) Speaks(r *http.Request, _ *libwebsocketd.Program) bool {
	switch r.Method {
	case http.MethodGet:
		return wantsEvents(r) || wantsJSON(r) && r.URL.Query().Has("wait")
	case http.MethodPost:
		return true
	case http.MethodOptions:
		return r.Header.Get("Access-Control-Request-Method") != ""
	}
	return false
}

// Serve answers one that was let in. Every answer says that the page which asked may
// read it.
func (Face) Serve(w http.ResponseWriter, req *libwebsocketd.Request) {
	req.AllowOrigin(w.Header())
	switch connection := req.Program().Lifetime == nil; {
	case req.HTTP.Method == http.MethodOptions:
		req.AnswerPreflight(w, "GET, POST, DELETE")
	case req.HTTP.Method == http.MethodPost && connection:
		serveRun(w, req)
	case req.HTTP.Method == http.MethodPost:
		serveMessage(w, req)
	case wantsEvents(req.HTTP):
		serveEvents(w, req)
	default:
		serveWait(w, req)
	}
}

func wantsEvents(r *http.Request) bool { return libwebsocketd.Accepts(r, eventStream) }
func wantsJSON(r *http.Request) bool   { return libwebsocketd.Accepts(r, "application/json") }

// suggest sets headers, pairs of name and value, that the settings of the server
// have not set: those of --header and --header-http win.
func suggest(h http.Header, pairs ...string) {
	for i := 0; i < len(pairs); i += 2 {
		if h.Get(pairs[i]) == "" {
			h.Set(pairs[i], pairs[i+1])
		}
	}
}
