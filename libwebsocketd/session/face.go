package session

import (
	"context"
	"net/http"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/gate"
)

// Speaks reports whether a request is about a session itself:
//
//	POST   ?session=new              make one: 201, and a document with its secret
//	POST   ?session=ID&ticket=new    a ticket, which opens it once
//	GET    ?session=ID               the document about it; Accept: application/json, without wait
//	DELETE ?session=ID               end it
//
// Without session=ID a ticket and DELETE are about the session of the cookie. Messages and
// output are another Face's.
func (s *supervisor) Speaks(r *http.Request, _ *libwebsocketd.Program) bool {
	query := r.URL.Query()
	switch r.Method {
	case http.MethodPost:
		return query.Get("session") == "new" || query.Has("ticket")
	case http.MethodDelete:
		return true
	case http.MethodGet:
		return query.Get("session") != "" && query.Get("session") != "new" && !query.Has("wait") && libwebsocketd.Accepts(r, "application/json")
	}
	return false
}

// Serve answers a request that Speaks is about.
func (s *supervisor) Serve(w http.ResponseWriter, req *libwebsocketd.Request) {
	req.AllowOrigin(w.Header())
	refusal := s.serve(w, req)
	if refusal != nil {
		req.Refuse(w, refusal)
	}
}

func (s *supervisor) serve(w http.ResponseWriter, req *libwebsocketd.Request) *gate.Refusal {
	if req.HTTP.Method == http.MethodPost && req.HTTP.URL.Query().Get("session") == "new" {
		return s.serveNew(w, req)
	}
	x, refusal := s.named(req)
	if refusal != nil {
		return refusal
	}
	switch req.HTTP.Method {
	case http.MethodPost:
		return serveTicket(w, req, x)
	case http.MethodDelete:
		req.Log().Log(context.Background(), libwebsocketd.LevelAccess, "DELETE", libwebsocketd.CategoryKey, "session", "session", x.Number)
		x.End()
		select {
		case <-x.Done():
		case <-req.HTTP.Context().Done():
		}
	}
	req.AnswerJSON(w, http.StatusOK, x.State())
	return nil
}

// State returns the document about the session of the URL, or of the cookie. There is none
// where a client would get a new session, or wait for one. A ticket is not used up: the
// client that asks is about to connect with it.
func (s *supervisor) State(req *libwebsocketd.Request) (document any, refusal *gate.Refusal) {
	path := req.Target().ScriptName
	id, all := req.HTTP.URL.Query().Get("session"), passes(req.HTTP, path)
	x := s.there(path, id)
	switch {
	case id == "":
		x = s.ofCookie(path, req.Identity(), all, "")
	case x != nil:
		refusal = x.check(req, all)
	case id != "new" && !s.isPromised(path, only(all, id)):
		refusal = unknown
	}
	if x == nil || refusal != nil || !x.hub.IsKept() {
		return nil, refusal
	}
	return x.State(), nil
}

// serveTicket answers the holder of the secret. A ticket gets no other ticket.
func serveTicket(w http.ResponseWriter, req *libwebsocketd.Request, x *Session) *gate.Refusal {
	switch query := req.HTTP.URL.Query(); {
	case query.Get("ticket") != "new":
		return &gate.Refusal{Status: http.StatusBadRequest, Reason: "ticket=new asks for a ticket; there is no other value"}
	case query.Has("token"):
		return &gate.Refusal{Status: http.StatusForbidden, Kind: gate.KindSecret, Reason: "a ticket is got with the secret, not with another ticket"}
	}
	req.AnswerJSON(w, http.StatusOK, ticketDocument{req.Ticket(x.ID), int(gate.TicketTime.Seconds())})
	return nil
}

// named returns the session that a request names, by its URL or its cookie, if it proves
// the right to it.
func (s *supervisor) named(req *libwebsocketd.Request) (*Session, *gate.Refusal) {
	path := req.Target().ScriptName
	id, all := req.HTTP.URL.Query().Get("session"), passes(req.HTTP, path)
	if id == "" && len(all) == 0 {
		return nil, &gate.Refusal{Status: http.StatusBadRequest, Reason: "session=ID is missing, and there is no cookie: either says which one"}
	}
	x := s.there(path, id)
	if id == "" {
		x = s.ofCookie(path, req.Identity(), all, "")
	}
	if x == nil {
		return nil, unknown
	}
	return x, x.check(req, all)
}

// ticketDocument is the answer to ticket=new.
type ticketDocument struct {
	Ticket  string `json:"ticket"`
	Expires int    `json:"expires"` // in seconds
}

// newDocument is the answer to session=new.
type newDocument struct {
	ID     string `json:"id"`
	Number uint64 `json:"number"`
	Secret string `json:"secret"`
	URL    string `json:"url"`
}

// serveNew makes a session that no client is attached to yet.
func (s *supervisor) serveNew(w http.ResponseWriter, req *libwebsocketd.Request) *gate.Refusal {
	p := newPass()
	call := &libwebsocketd.Attach{Request: req.HTTP, Target: req.Target(), Identity: req.Identity(), Log: req.Log(), Header: w.Header(), Admitted: req}
	x, refusal := s.create(call, p, nil, func(*Session) {})
	if refusal != nil {
		return refusal
	}
	url := req.HTTP.URL.EscapedPath() + "?session=" + x.ID
	w.Header().Set("Location", url)
	req.AnswerJSON(w, http.StatusCreated, newDocument{x.ID, x.Number, p.secret, url})
	return nil
}
