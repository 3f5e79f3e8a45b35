package control

import (
	"net/http"
	"slices"

	"websocketd/libwebsocketd/session"
)

// serveSessions answers with the sessions, by their numbers.
func (c *Control) serveSessions(w http.ResponseWriter, r *http.Request) {
	var all []*session.Session
	if c.Sessions != nil {
		all = slices.Collect(c.Sessions.All())
	}
	from, to, ok := part(w, r, len(all))
	if !ok {
		return
	}
	states := make([]session.State, 0, to-from)
	for _, x := range all[from:to] {
		states = append(states, x.State())
	}
	answer(w, states)
}

// serveSession answers with one session.
func (c *Control) serveSession(w http.ResponseWriter, r *http.Request) {
	if x := c.session(w, r); x != nil {
		answer(w, x.State())
	}
}

// of is the answer to whoever ends something that has an id.
type of struct {
	ID string `json:"id"`
}

// endSession ends a session.
func (c *Control) endSession(w http.ResponseWriter, r *http.Request) {
	if x := c.session(w, r); x != nil {
		x.End()
		answer(w, of{x.ID})
	}
}

// session returns the session of the id or number in the path of a request. Without one it
// answers the request, and returns nil.
func (c *Control) session(w http.ResponseWriter, r *http.Request) (x *session.Session) {
	if c.Sessions != nil {
		x = c.Sessions.Find(r.PathValue("id"))
	}
	if x == nil {
		answerError(w, r, http.StatusNotFound, "there is no session of that id or number: GET /api/sessions lists them")
	}
	return x
}
