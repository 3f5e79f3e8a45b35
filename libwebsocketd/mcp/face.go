package mcp

import (
	"mime"
	"net/http"
	"slices"
	"strings"
	"sync"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/gate"
	"websocketd/libwebsocketd/logging"
)

// Speaks reports whether a request is one of MCP: all are but those that read a page or a file,
// which may be below the program's path.
func (s *supervisor) Speaks(r *http.Request, _ *libwebsocketd.Program) bool {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return true
	}
	return r.Header.Get(headerSession) != "" || libwebsocketd.Accepts(r, eventStream)
}

// NoPage returns the refusal of a request for a page where there is none.
func (s *supervisor) NoPage() *gate.Refusal { return phrase(nil, notAllowed("POST"), nil) }

// takes reports whether a client takes answers of a media type. One that does not say what it
// takes, takes all (RFC 9110 section 12.5.1).
func takes(r *http.Request, media string) bool {
	family, _, _ := strings.Cut(media, "/")
	accept := r.Header.Values("Accept")
	return len(accept) == 0 || slices.ContainsFunc([]string{media, family + "/*", "*/*"}, func(m string) bool { return libwebsocketd.Accepts(r, m) })
}

// Serve answers a request that was let in.
func (s *supervisor) Serve(w http.ResponseWriter, req *libwebsocketd.Request) {
	allowPage(w.Header(), req)
	switch r := req.HTTP; {
	case req.IsPreflight():
		answerPreflight(w, req)
	case r.Method == http.MethodPost:
		s.post(w, req)
	case r.Method == http.MethodGet:
		s.get(w, req)
	case r.Method == http.MethodDelete:
		s.delete(w, req)
	case r.Method == http.MethodOptions:
		w.Header().Set("Allow", methods)
		w.WriteHeader(http.StatusNoContent)
	default:
		s.refuse(w, req, nil, notAllowed(methods))
	}
}

const methods = "GET, POST, DELETE, OPTIONS"

// notAllowed returns the refusal of a method that is not one of some.
func notAllowed(methods string) *gate.Refusal {
	return &gate.Refusal{Status: http.StatusMethodNotAllowed, Header: http.Header{"Allow": {methods}},
		Reason: "an MCP server is here, which is asked by POST; GET and DELETE are for a session, which the header Mcp-Session-Id names"}
}

// post answers messages for the process.
func (s *supervisor) post(w http.ResponseWriter, req *libwebsocketd.Request) {
	if refusal := checkTypes(req.HTTP); refusal != nil {
		s.refuse(w, req, nil, refusal)
		return
	}
	data, free, ok := req.ReadBody(w, 0)
	if !ok {
		return
	}
	in := &incoming{Request: req, free: sync.OnceFunc(free)}
	defer in.free()
	var f *fault
	if in.all, in.isBatch, f = readMessages(data); f != nil {
		s.fail(w, req, nil, f)
		return
	}
	first := &in.all[0]
	logging.At(req.Log(), logging.LevelTrace, "mcp", "POST", "method", first.method)
	if !in.isBatch && isModern(req.HTTP.Header, first) {
		s.serveModern(w, in, first)
		return
	}
	s.serveLegacy(w, in)
}

// incoming is a POST, with the messages of its body.
type incoming struct {
	*libwebsocketd.Request
	all     []message
	isBatch bool
	free    func() // gives the memory of the body back
}

// checkTypes refuses a body that says it is no JSON, and a client that takes no answer there is.
func checkTypes(r *http.Request) *gate.Refusal {
	if media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || media != jsonType {
		return &gate.Refusal{Status: http.StatusUnsupportedMediaType, Reason: "a message of MCP has Content-Type: application/json"}
	}
	if !takes(r, jsonType) && !takes(r, eventStream) {
		return &gate.Refusal{Status: http.StatusNotAcceptable, Reason: "answers are application/json or text/event-stream, and Accept has neither"}
	}
	return nil
}

// readMessages returns the messages of a body: one, or those of an array.
func readMessages(data []byte) (all []message, isBatch bool, f *fault) {
	if !isJSON(data) {
		return nil, false, faultOf(http.StatusBadRequest, codeParse, "%v", errNotJSON)
	}
	at := span{skipSpace(data, 0), len(data)}
	texts := []span{{at.from, skipValue(data, at.from)}}
	if isBatch = data[at.from] == '['; isBatch {
		texts = elements(data, at, mostOpen+1)
	}
	if len(texts) > mostOpen {
		return nil, isBatch, faultOf(http.StatusBadRequest, codeInvalid, "the array has more than %d messages", mostOpen)
	}
	for _, text := range texts {
		m, err := parse(text.of(data))
		if err != nil {
			return nil, isBatch, faultOf(http.StatusBadRequest, codeInvalid, "%v", err)
		}
		all = append(all, m)
	}
	if len(all) == 0 {
		return nil, isBatch, faultOf(http.StatusBadRequest, codeInvalid, "the array has no messages")
	}
	return all, isBatch, nil
}

// get answers with what a session's process says that is for no call, or with what a client has
// missed of a stream that it names by the id of its last event.
func (s *supervisor) get(w http.ResponseWriter, req *libwebsocketd.Request) {
	if req.HTTP.Header.Get(headerSession) == "" {
		s.refuse(w, req, nil, notAllowed("POST"))
		return
	}
	if !takes(req.HTTP, eventStream) {
		s.refuse(w, req, nil, &gate.Refusal{Status: http.StatusNotAcceptable, Reason: "a session is listened to with Accept: text/event-stream"})
		return
	}
	c, f := s.named(req)
	if f != nil {
		s.fail(w, req, nil, f)
		return
	}
	refusal := c.turn.enter(req.HTTP.Context())
	if refusal != nil {
		s.refuse(w, req, nil, refusal)
		return
	}
	park := sync.OnceFunc(c.turn.exit)
	defer park()
	from, after := c.own, c.own.next()
	if id := req.HTTP.Header.Get("Last-Event-ID"); id != "" {
		var ok bool
		if from, after, ok = c.readID(id); !ok {
			s.fail(w, req, nil, faultOf(http.StatusBadRequest, codeInvalid, "Last-Event-ID is of no stream that is kept (see --history)"))
			return
		}
	}
	l, refusal := c.hold(req)
	if refusal != nil {
		s.refuse(w, req, nil, gone(refusal))
		return
	}
	defer c.leave(l)
	reader := from.listen(after, true)
	defer reader.Close()
	park() // it can come back
	s.stream(w, req, reader, c)
	reader.Close()
	c.forget(from)
	c.prune()
}

// delete ends a session. It does not wait for the process to end.
func (s *supervisor) delete(w http.ResponseWriter, req *libwebsocketd.Request) {
	if req.HTTP.Header.Get(headerSession) == "" {
		s.refuse(w, req, nil, notAllowed("POST"))
		return
	}
	c, f := s.named(req)
	if f != nil {
		s.fail(w, req, nil, f)
		return
	}
	if refusal := c.turn.enter(req.HTTP.Context()); refusal != nil {
		s.refuse(w, req, nil, refusal)
		return
	}
	defer c.turn.exit()
	c.session.End()
	w.WriteHeader(http.StatusNoContent)
}

// fail answers with an error of the protocol. m is the request it is about; nil is none.
func (s *supervisor) fail(w http.ResponseWriter, req *libwebsocketd.Request, m *message, f *fault) {
	if f == errHandedOver {
		s.refuse(w, req, m, gate.HandedOver)
		return
	}
	logging.At(req.Log(), logging.LevelAccess, "mcp", http.StatusText(f.status)+": "+f.Message, "status", f.status)
	s.write(w, req, f.status, errorText(requestID(m), &f.rpcError))
}

// refuse answers with a refusal of the server, as an error of the protocol.
func (s *supervisor) refuse(w http.ResponseWriter, req *libwebsocketd.Request, m *message, refusal *gate.Refusal) {
	req.Refuse(w, phrase(req.HTTP, refusal, requestID(m)))
}

// requestID returns the id of a request; nil of anything else.
func requestID(m *message) []byte {
	if m == nil || m.kind != request {
		return nil
	}
	return m.id.of(m.text)
}

// Phrase returns a refusal as an error of the protocol. A page may read it, unless it is that
// page which is refused: it has to know how to get credentials, or that its user is not let in. All
// others come after the origin was checked, but for gate.HandedOver, which leads to who checks it.
func (s *supervisor) Phrase(r *http.Request, refusal *gate.Refusal) *gate.Refusal {
	said := phrase(r, refusal, nil)
	if origin := r.Header.Get("Origin"); origin != "" && refusal.Kind != gate.KindOrigin {
		if said.Header = said.Header.Clone(); said.Header == nil {
			said.Header = http.Header{}
		}
		said.Header.Set("Access-Control-Allow-Origin", origin)
		said.Header.Set("Access-Control-Expose-Headers", exposed)
		said.Header.Add("Vary", "Origin")
	}
	return said
}

// phrase returns a refusal as an error of the protocol. One because another server goes on is a redirect
// to the same URL, which is that server's: clients follow that, and most do not come again after a
// 503. A query alone leaves the path as the client knows it (RFC 3986 section 5.3).
func phrase(r *http.Request, refusal *gate.Refusal, id []byte) *gate.Refusal {
	said, code := *refusal, codeRefused
	if refusal == gate.HandedOver {
		said.Status, said.RetryAfter = http.StatusTemporaryRedirect, 0
		said.Header = http.Header{"Location": {"?" + r.URL.RawQuery}}
	}
	if refusal.Status == http.StatusNotFound {
		code = codeNoSession
	}
	said.JSON = errorText(id, &rpcError{Code: code, Message: refusal.Reason})
	return &said
}
