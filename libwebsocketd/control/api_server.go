package control

import (
	"net/http"
	"os"
	"time"

	"websocketd/libwebsocketd"
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

// index is the document at the root: the state of the server, and what PMDaemon has there.
type index struct {
	serverState
	Name      string            `json:"name"`
	Status    string            `json:"status"`
	Endpoints map[string]string `json:"endpoints"`
}

// endpoints are the paths in it.
var endpoints = map[string]string{
	"processes": "/api/processes", "system": "/api/system", "status": "/api/status", "websocket": "/ws", "description": "/api/openapi.json",
}

// serveServer answers with the state of the server.
func (c *Control) serveServer(w http.ResponseWriter, r *http.Request) {
	if s := c.managed(w, r); s != nil {
		answer(w, c.stateOf(s))
	}
}

// serveIndex answers those who ask for the root in JSON.
func (c *Control) serveIndex(w http.ResponseWriter, r *http.Request) {
	s := c.managed(w, r)
	if s == nil {
		return
	}
	state, status := c.stateOf(s), "running"
	if state.GoingAway {
		status = "stopping"
	}
	answer(w, index{state, "websocketd", status, endpoints})
}

// stateOf returns the state of the server.
func (c *Control) stateOf(s *libwebsocketd.Server) serverState {
	state := serverState{
		Version: c.Version, Pid: os.Getpid(), Since: c.began, Programs: len(s.Programs()), Connections: len(s.Conversations()),
		Processes: s.Processes(), GoingAway: s.GoingAway(),
	}
	if c.Sessions != nil {
		state.Sessions = c.Sessions.Len()
	}
	return state
}
