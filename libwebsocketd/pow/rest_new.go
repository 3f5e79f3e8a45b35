package pow

import (
	"net/http"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/gate"
)

// serveNew starts what a call is for, and answers with the id of the call. What is wrong with
// the call itself becomes its result.
func (h *Handler) serveNew(w http.ResponseWriter, req *libwebsocketd.Request) {
	data, free, ok := req.ReadBody(w, mostControl)
	if !ok {
		return
	}
	defer free() // when the process has the parameters
	c, err := parseCall(data)
	if err != nil {
		fail(w, req, http.StatusBadRequest, "failed to decode call message")
		return
	}
	var id string
	var refusal *gate.Refusal
	if handed := h.calls.change(func() { id, refusal = h.begin(req, c) }); handed != nil {
		refusal = handed
	}
	if refusal != nil {
		req.Refuse(w, refusal)
		return
	}
	req.AnswerJSON(w, http.StatusOK, id)
}

// begin makes a call, and returns its id, or why the server does not take it.
func (h *Handler) begin(req *libwebsocketd.Request, c Call) (id string, refusal *gate.Refusal) {
	chosen, failed := h.choose(req, c)
	if failed != nil && failed.refusal != nil {
		return "", failed.refusal
	}
	free, refusal := h.calls.places.Claim()
	if refusal != nil {
		return "", refusal
	}
	at, x := req, (*execution)(nil)
	if failed == nil {
		at = chosen.at
		x, failed = chosen.start()
	}
	if failed != nil && failed.refusal != nil && failed.refusal.RetryAfter > 0 { // it may be had later
		free()
		return "", failed.refusal
	}
	call := newRESTCall(newID(), req.Identity().User, at, newLines(h.o.Lines, h.o.History), free)
	if failed != nil {
		call.reject(failed.reason)
	} else {
		call.x = x
		req.Go(call.run)
	}
	h.calls.add(req, call)
	return call.id, nil
}
