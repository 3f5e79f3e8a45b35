package control

import (
	"net/http"
	"os"
	"time"
)

// serverState is the document about the server.
type serverState struct {
	Version     string    `json:"version"`
	Pid         int       `json:"pid"`
	Since       time.Time `json:"since"` // when it was started
	Programs    int       `json:"programs"`
	Connections int       `json:"connections"` // conversations of clients with programs
	Sessions    int       `json:"sessions"`
	Processes   int       `json:"processes"`
	GoingAway   bool      `json:"goingAway"` // it ends, and refuses everything that comes
}

// serveServer answers with the state of the server.
func (c *Control) serveServer(w http.ResponseWriter, r *http.Request) {
	s := c.managed(w, r)
	if s == nil {
		return
	}
	state := serverState{
		Version: c.Version, Pid: os.Getpid(), Since: c.began, Programs: len(s.Programs()), Connections: len(s.Conversations()),
		Processes: s.Processes(), GoingAway: s.GoingAway(),
	}
	if c.Sessions != nil {
		state.Sessions = c.Sessions.Len()
	}
	answer(w, state)
}
