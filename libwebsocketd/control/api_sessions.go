package control

import (
	"cmp"
	"net/http"
	"slices"

	"websocketd/libwebsocketd/session"
)

// sessionState is the document about a session: what its clients are told of it, but with the
// name of its program, as a connection has it.
type sessionState struct {
	Program string `json:"program"`
	Path    string `json:"path"` // that of the URL
	session.State
}

// namesByPath returns the names of the programs by their paths.
func (c *Control) namesByPath() map[string]string {
	names := map[string]string{}
	if s := c.server.Load(); s != nil {
		for _, p := range s.Programs() {
			names[p.Path] = c.nameOf(p.Name)
		}
	}
	return names
}

// stateOf returns the document about a session. Its program may be served no more: then its
// path is all that is known of it.
func stateOf(x *session.Session, names map[string]string) sessionState {
	state := sessionState{Path: x.Path, State: x.State()}
	state.Program = cmp.Or(names[x.ProgramPath()], x.ProgramPath())
	return state
}

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
	states, names := make([]sessionState, 0, to-from), c.namesByPath()
	for _, x := range all[from:to] {
		states = append(states, stateOf(x, names))
	}
	answer(w, states)
}

// serveSession answers with one session.
func (c *Control) serveSession(w http.ResponseWriter, r *http.Request) {
	if x := c.session(w, r); x != nil {
		answer(w, stateOf(x, c.namesByPath()))
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
