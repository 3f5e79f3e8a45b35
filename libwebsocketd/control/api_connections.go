package control

import (
	"net/http"
	"time"

	"websocketd/libwebsocketd"
)

// connection is the document about a conversation of a client with a program. Nothing of the
// request is in it but the path of its URL.
type connection struct {
	ID       string    `json:"id"`
	Program  *string   `json:"program"` // null as long as the client has named none
	Path     string    `json:"path"`
	Pid      int       `json:"pid"`    // 0 where the process is not the client's alone
	Remote   string    `json:"remote"` // the address, as in the log
	User     string    `json:"user"`   // "" where nobody has to prove who it is
	Since    time.Time `json:"since"`
	BytesIn  int64     `json:"bytesIn"` // of messages from the client
	BytesOut int64     `json:"bytesOut"`
}

func (c *Control) connection(one *libwebsocketd.Conversation) connection {
	about := connection{
		ID: one.ID, Path: one.Path, Pid: one.Pid, Remote: one.Remote, User: one.User, Since: one.Began,
		BytesIn: one.ToProgram.Bytes, BytesOut: one.ToClient.Bytes,
	}
	if name := c.nameOf(one.Program); !one.Nameless {
		about.Program = &name
	}
	return about
}

// serveConnections answers with the conversations, the oldest first.
func (c *Control) serveConnections(w http.ResponseWriter, r *http.Request) {
	s := c.managed(w, r)
	if s == nil {
		return
	}
	all := s.Conversations()
	from, to, ok := part(w, r, len(all))
	if !ok {
		return
	}
	list := make([]connection, 0, to-from)
	for i := from; i < to; i++ {
		list = append(list, c.connection(&all[i]))
	}
	answer(w, list)
}

// kick ends a conversation.
func (c *Control) kick(w http.ResponseWriter, r *http.Request) {
	s := c.managed(w, r)
	if s == nil {
		return
	}
	id := r.PathValue("id")
	if !s.Kick(id, libwebsocketd.ClosePolicyViolation, "kicked") {
		answerError(w, r, http.StatusNotFound, "there is no connection of that id: GET /api/connections lists them")
		return
	}
	answer(w, of{id})
}
