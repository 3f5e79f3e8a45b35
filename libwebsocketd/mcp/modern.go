package mcp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"websocketd/libwebsocketd/exchange"
)

// firstModern is the first revision without sessions.
const firstModern = "2026-07-28"

// isModern reports whether a message is of 2026-07-28 or later: every request says so itself,
// and a header repeats it. What names a session is older.
func isModern(h http.Header, m *message) bool {
	if m.inMeta(metaVersion) != nil {
		return true
	}
	return h.Get(headerSession) == "" && h.Get(headerVersion) >= firstModern
}

// fault is why a message is not passed on.
type fault struct {
	status int
	rpcError
}

func faultOf(status, code int, format string, args ...any) *fault {
	return &fault{status, rpcError{Code: code, Message: fmt.Sprintf(format, args...)}}
}

// checkModern returns why a modern message is not passed on; nil if it is. A server over stdio
// would take some of these for messages of an older client: npm's is then for older clients only,
// until it ends, if a message that does not say its version comes before others.
func checkModern(h http.Header, m *message) *fault {
	if m.kind == response {
		return faultOf(http.StatusBadRequest, codeInvalid, "a client sends no responses in %s: results say what the server asks", firstModern)
	}
	if m.method == "initialize" {
		return faultOf(http.StatusNotFound, codeNoMethod, "there is no initialize in %s, where every request says its version in _meta", firstModern)
	}
	for name, first := range map[string]byte{metaVersion: '"', metaCapabilities: '{'} {
		if value := m.inMeta(name); value == nil || value[0] != first {
			return faultOf(http.StatusBadRequest, codeParams, "params._meta has no %q, or one of another type", name)
		}
	}
	if err := checkHeader(h, headerVersion, decodeString(m.inMeta(metaVersion))); err != nil {
		return faultOf(http.StatusBadRequest, codeHeader, "%v", err)
	}
	if err := checkHeaders(h, m); err != nil {
		return faultOf(http.StatusBadRequest, codeHeader, "%v", err)
	}
	return nil
}

// serveModern answers a message of a client of 2026-07-28.
func (s *supervisor) serveModern(w http.ResponseWriter, in *incoming, m *message) {
	req := in.Request
	if m.kind == notification && m.method == "notifications/cancelled" {
		w.WriteHeader(http.StatusAccepted) // a call is canceled by its own answer (transports, "Cancellation")
		return
	}
	if f := checkModern(req.HTTP.Header, m); f != nil {
		s.fail(w, req, m, f)
		return
	}
	e := s.everyone(req, false)
	defer s.leave(e)
	refusal := e.turn.enter(req.HTTP.Context())
	if refusal != nil {
		s.refuse(w, req, m, refusal)
		return
	}
	defer e.turn.exit()
	l, refusal := e.hold(req)
	if refusal != nil {
		s.refuse(w, req, m, refusal)
		return
	}
	defer e.release(l)
	if m.kind == notification {
		settle := exchange.Ask(w, req.HTTP, req, req.Settings().PingInterval)
		err := e.write(req.HTTP.Context(), l, m.text)
		if settle(); err != nil {
			s.fail(w, req, m, faultOf(http.StatusServiceUnavailable, codeInternal, "the process takes no more: %v", err))
			return
		}
		w.WriteHeader(http.StatusAccepted)
		return
	}
	if f := e.checkArguments(req.HTTP, l, m); f != nil {
		s.fail(w, req, m, f)
		return
	}
	a := s.newAnswer(in, &e.child, l)
	a.modern = true
	a.add(m)
	a.serve(w)
}

// checkArguments returns a fault if headers do not repeat arguments of a tool that they are to
// repeat. The process is asked once which.
func (e *everyone) checkArguments(r *http.Request, l *line, m *message) *fault {
	if m.method != "tools/call" {
		return nil
	}
	name := decodeString(m.inParams("name").of(m.text))
	bindings, err := e.bindings(r.Context(), l, m, name)
	if err != nil {
		return faultOf(http.StatusOK, codeInternal, "%v", err)
	}
	found, err := pick(m.text, m.params, "arguments")
	for _, b := range bindings {
		if err == nil {
			err = b.check(r.Header, m.text, found[0])
		}
	}
	if err != nil {
		return faultOf(http.StatusBadRequest, codeHeader, "%v", err)
	}
	return nil
}

// bindings returns those of a tool. A process that has not told it is asked for its tools, once,
// as the client would ask that has sent m. One that does not tell them has no bindings, and one
// that answers nothing at all is of no use.
func (e *everyone) bindings(ctx context.Context, l *line, m *message, name string) ([]binding, error) {
	before := e.failed.Load()
	e.asking.Lock()
	defer e.asking.Unlock()
	all, known := e.tools.of(name)
	switch {
	case known:
		return all, nil
	case e.failed.Load() > before: // it was asked while we waited
		return nil, e.mute
	}
	switch err := e.askTools(ctx, l, m); {
	case err == nil:
	case ctx.Err() != nil:
		return nil, err // the next one asks
	case !e.answered.Load():
		e.mute = err
		e.failed.Add(1)
		return nil, err
	}
	all, _ = e.tools.of(name) // after an error, too: that it refuses this client says nothing of others
	return all, nil
}

// mostPages bounds how often a process is asked for more tools.
const mostPages = 100

// askTools asks the process for all its tools, again from the first if they change meanwhile.
func (e *everyone) askTools(ctx context.Context, l *line, m *message) error {
	since, cursor := e.tools.generation(), ""
	for range mostPages {
		result, err := e.askOwn(ctx, l, toolsList(m, cursor))
		var refused *rpcError
		switch {
		case err == nil:
			cursor = nextCursor(result)
		case errors.As(err, &refused) && refused.Code == codeNoMethod: // it has none
			cursor = ""
		default:
			return err
		}
		if cursor == "" {
			if e.tools.complete(since) {
				return nil
			}
			since = e.tools.generation()
		}
	}
	e.tools.complete(since) // there is no end to them
	return nil
}

// toolsList returns a request for tools as the client would ask that has sent m.
func toolsList(m *message, cursor string) []byte {
	params := `"_meta":` + string(m.meta.of(m.text))
	if cursor != "" {
		quoted, _ := json.Marshal(cursor) // a string cannot fail
		params += `,"cursor":` + string(quoted)
	}
	return []byte(`{"jsonrpc":"2.0","id":0,"method":"tools/list","params":{` + params + `}}`)
}

// statusOf returns the HTTP status of a modern response that is alone in its answer.
func statusOf(m *message) int {
	if !m.fault.isSet() {
		return http.StatusOK
	}
	at, err := pick(m.text, m.fault, "code", "message")
	if err != nil {
		return http.StatusOK
	}
	switch code, _ := strconv.Atoi(string(at[0].of(m.text))); code {
	case codeNoMethod:
		return http.StatusNotFound
	case codeHeader, codeCapability, codeUnsupported:
		return http.StatusBadRequest
	case codeParams:
		if strings.Contains(decodeString(at[1].of(m.text)), "_meta") {
			return http.StatusBadRequest
		}
	}
	return http.StatusOK
}
