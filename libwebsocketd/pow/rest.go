package pow

import (
	"io"
	"net/http"
	"regexp"
	"strings"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/logging"
)

// Mounts returns what answers the requests of the REST API, for libwebsocketd.Config.Mounts.
func (h *Handler) Mounts() []libwebsocketd.Mounted {
	return []libwebsocketd.Mounted{{Pattern: h.o.Base, Serve: h.serveREST, IsPage: h.isDocument, Conceal: h.conceal}}
}

// isDocument reports whether a request is for what the API says of itself.
func (h *Handler) isDocument(r *http.Request) bool {
	return h.documents.at(strings.TrimPrefix(r.URL.Path, h.o.Base)) != nil
}

// callID matches what newID returns.
var callID = regexp.MustCompile(`([0-9a-f]{8})-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)

// conceal leaves the first of its digits of an id: whoever knows all of it can feed the call,
// and end it.
func (h *Handler) conceal(r *http.Request, url string) string {
	if !strings.HasPrefix(r.URL.Path, h.o.Base) {
		return url
	}
	return callID.ReplaceAllString(url, "$1...")
}

// operation is what the REST API does with a call. It has the request of the client that
// asks, as one for the call's program.
type operation struct {
	method string
	serve  func(c *restCall, w http.ResponseWriter, req *libwebsocketd.Request)
}

// operations are those with an id in their paths.
var operations = map[string]operation{
	"status":     {http.MethodGet, (*restCall).serveStatus},
	"input":      {http.MethodPost, (*restCall).serveInput},
	"closeInput": {http.MethodPost, (*restCall).serveCloseInput},
	"cancel":     {http.MethodPost, (*restCall).serveCancel},
}

// serveREST answers a request below the base.
func (h *Handler) serveREST(w http.ResponseWriter, req *libwebsocketd.Request) {
	req.AllowOrigin(w.Header())
	path := strings.TrimPrefix(req.HTTP.URL.Path, h.o.Base)
	name, id, _ := strings.Cut(path, "/")
	op, known := operations[name]
	switch document := h.documents.at(path); {
	case req.IsPreflight():
		req.AnswerPreflight(w, "GET, POST")
	case document != nil:
		if allows(w, req, http.MethodGet) {
			document.ServeHTTP(w, req.HTTP)
		}
	case path == "new":
		if allows(w, req, http.MethodPost) {
			h.serveNew(w, req)
		}
	case !known || id == "" || strings.Contains(id, "/"):
		fail(w, req, http.StatusNotFound, "there is nothing at this path: see "+h.o.Base+"docs/")
	case allows(w, req, op.method):
		h.serveCall(w, req, op, id)
	}
}

// serveCall answers a request about a call, which counts as access as long as it is served.
func (h *Handler) serveCall(w http.ResponseWriter, req *libwebsocketd.Request, op operation, id string) {
	c, refusal := h.calls.enter(id, req.Identity().User)
	if refusal != nil {
		req.Refuse(w, refusal)
		return
	}
	if c == nil {
		fail(w, req, http.StatusNotFound, "process not found")
		return
	}
	defer h.calls.leave(c)
	on, refusal := req.For(c.at)
	if refusal != nil {
		req.Refuse(w, refusal)
		return
	}
	op.serve(c, w, on)
}

// allows reports whether a request has the method that is wanted, or HEAD for GET. It answers
// one that has not.
func allows(w http.ResponseWriter, req *libwebsocketd.Request, method string) bool {
	if asked := req.HTTP.Method; asked == method || asked == http.MethodHead && method == http.MethodGet {
		return true
	}
	if method == http.MethodGet {
		method += ", " + http.MethodHead
	}
	w.Header().Set("Allow", method)
	fail(w, req, http.StatusMethodNotAllowed, "this is asked for with "+method)
	return false
}

// fail answers a request with an error of the protocol: one line that is nothing but its
// words, as its clients know them.
func fail(w http.ResponseWriter, req *libwebsocketd.Request, status int, words string) {
	logging.At(req.Log(), logging.LevelAccess, "pow", http.StatusText(status)+": "+words, "status", status)
	http.Error(w, words, status)
}

// confirm answers a request that has been done.
func confirm(w http.ResponseWriter, words string) {
	h := w.Header()
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("X-Content-Type-Options", "nosniff")
	io.WriteString(w, words)
}
