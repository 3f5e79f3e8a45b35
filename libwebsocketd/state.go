package libwebsocketd

import (
	"encoding/json"
	"net/http"
	"strconv"

	"websocketd/libwebsocketd/exchange"
	"websocketd/libwebsocketd/gate"
	"websocketd/libwebsocketd/logging"
)

// Stater is a Supervisor that tells a client what it keeps, so that the client knows how to
// come back after a lost connection.
type Stater interface {
	// State returns a document, which becomes JSON: an object that has the name of the
	// lifetime as "lifetime". It is nil if nothing is kept for the client. State starts
	// nothing and attaches nothing.
	State(req *Request) (document any, refusal *gate.Refusal)
}

// stateFace answers GET ?state with Accept: application/json, for a program of every
// lifetime. It is asked before other Faces, and before CGI scripts: whoever asks is about to
// connect to the program at this URL, whatever else a GET of it may get.
type stateFace struct{}

// Speaks reports whether the state of a program is asked for.
func (stateFace) Speaks(r *http.Request, p *Program) bool { return p != nil && asksState(r) }

// asksState reports whether a request asks for the state of whatever is at its path. A key
// state with a value is somebody else's, such as that of an OAuth redirect.
func asksState(r *http.Request) bool {
	if r.Method != http.MethodGet || !Accepts(r, "application/json") {
		return false
	}
	values := r.URL.Query()["state"]
	return len(values) > 0 && values[0] == ""
}

// Serve answers with the document.
func (stateFace) Serve(w http.ResponseWriter, req *Request) {
	req.AllowOrigin(w.Header())
	document, refusal := req.state()
	if refusal != nil {
		req.Refuse(w, refusal)
		return
	}
	logging.At(req.log, logging.LevelTrace, "http", "STATE")
	req.AnswerJSON(w, http.StatusOK, document)
}

// lifetimeState is the state of a program whose processes live as long as their connection.
type lifetimeState struct {
	Lifetime string `json:"lifetime"`
}

// emptyState is the state of a program of which nothing is kept for a client.
type emptyState struct {
	lifetimeState
	Epoch *string `json:"epoch"` // null
}

// state returns the document about the program.
func (req *Request) state() (any, *gate.Refusal) {
	plain := lifetimeState{req.to.program.lifetimeName()}
	stater, ok := req.to.program.supervisor.(Stater)
	if !ok {
		return plain, nil
	}
	document, refusal := stater.State(req)
	if document == nil {
		document = emptyState{lifetimeState: plain}
	}
	return document, refusal
}

// lifetimeName returns what the program's Lifetime calls itself.
func (p *program) lifetimeName() string {
	if named, ok := p.Lifetime.(interface{ Name() string }); ok {
		return named.Name()
	}
	return "connection"
}

// AnswerJSON answers the request with a document, for a client that takes it before two
// ping intervals are over. No cache keeps it, and it is never compressed: it may have a secret
// of ours beside what the client has sent.
func (req *Request) AnswerJSON(w http.ResponseWriter, status int, document any) {
	body, err := json.Marshal(document)
	if err != nil {
		req.Refuse(w, untold(err))
		return
	}
	writeJSON(w, status, body, req.Settings())
}

// AnswerOutput does what AnswerJSON does with what a program has said, which may be compressed.
func (req *Request) AnswerOutput(w http.ResponseWriter, document any) {
	body, err := json.Marshal(document)
	if err != nil {
		req.Refuse(w, untold(err))
		return
	}
	setJSON(w.Header())
	body, free := req.Gzip().Shrink(w.Header(), req.HTTP, append(body, '\n'))
	defer free()
	writeWhole(w, http.StatusOK, body, req.Settings())
}

func untold(err error) *gate.Refusal {
	return newRefusal(http.StatusInternalServerError, "this cannot be told: "+err.Error())
}

// writeJSON writes an answer that no cache keeps.
func writeJSON(w http.ResponseWriter, status int, body []byte, s *Settings) {
	setJSON(w.Header())
	writeWhole(w, status, append(body, '\n'), s)
}

func setJSON(h http.Header) {
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
}

func writeWhole(w http.ResponseWriter, status int, body []byte, s *Settings) {
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	exchange.WriteAll(w, body, s.PingInterval)
}
