package control

import (
	"net/http"
	"slices"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/hub"
	"websocketd/libwebsocketd/session"
)

// program is the document about a program.
type program struct {
	Name      string   `json:"name"`
	Path      string   `json:"path"`     // the URL path
	Lifetime  string   `json:"lifetime"` // connection, shared, session, supervised, mcp
	Framing   string   `json:"framing"`  // or binary
	Command   []string `json:"command"`  // with --dir the directory alone
	Processes int      `json:"processes"`
	MaxForks  int      `json:"maxforks"` // 0 is no limit

	Connections int     `json:"connections"`
	Sessions    int     `json:"sessions"`
	State       string  `json:"state,omitempty"` // of one of lifetime mcp: idle, running, restarting, ended, failed: CAUSE
	Channel     *string `json:"channel"`         // what its process writes; null where every client has its own

	Instances []instance `json:"instances,omitempty"` // of a supervised program
}

// lifetimeConnection is what the Lifetime of a program is called that has none.
const lifetimeConnection = "connection"

// programs returns the documents about what is served.
func (c *Control) programs(s *libwebsocketd.Server) []program {
	connections, sessions := map[string]int{}, map[string]int{}
	for _, one := range s.Conversations() {
		if !one.Nameless {
			connections[one.Program]++
		}
	}
	if c.Sessions != nil {
		for x := range c.Sessions.All() {
			sessions[x.ProgramPath()]++
		}
	}
	all, instances := []program{}, c.instances()
	for _, p := range s.Programs() {
		about := program{
			Name: c.nameOf(p.Name), Path: p.Path, Lifetime: p.Lifetime, Framing: p.Framing, Command: append([]string{}, p.Command...),
			Processes: p.Processes, MaxForks: p.MaxProcesses, Connections: connections[p.Name],
			State: p.Condition.State, Instances: instances[p.Name],
		}
		switch p.Lifetime {
		case lifetimeConnection:
		case session.Lifetime{}.Name():
			about.Sessions = sessions[p.Path]
		default:
			if p.Condition.State != "" { // it may have sessions as well
				about.Sessions = sessions[p.Path]
			}
			channel := hub.ProcessChannel(processID(about.Name))
			about.Channel = &channel
		}
		all = append(all, about)
	}
	return all
}

// servePrograms answers with what is served.
func (c *Control) servePrograms(w http.ResponseWriter, r *http.Request) {
	if s := c.managed(w, r); s != nil {
		answerPart(w, r, c.programs(s))
	}
}

// serveProgram answers with one program.
func (c *Control) serveProgram(w http.ResponseWriter, r *http.Request) {
	s := c.managed(w, r)
	if s == nil {
		return
	}
	for _, p := range c.programs(s) { // the Config's own comes last
		if p.Name == r.PathValue("name") {
			answer(w, p)
			return
		}
	}
	noProgram(w, r)
}

func noProgram(w http.ResponseWriter, r *http.Request) {
	answerError(w, r, http.StatusNotFound, "there is no program of that name: GET /api/programs lists them")
}

// endedCount is the answer to whoever ends several things.
type endedCount struct {
	Ended int `json:"ended"` // how many were asked to end
}

// endProgram ends everything that runs of a program.
func (c *Control) endProgram(w http.ResponseWriter, r *http.Request) {
	s := c.managed(w, r)
	if s == nil {
		return
	}
	n, known := s.EndProgram(c.keyOf(s, r.PathValue("name")))
	if !known {
		noProgram(w, r)
		return
	}
	answer(w, endedCount{n})
}

// keyOf returns the name by which the Server knows a program.
func (c *Control) keyOf(s *libwebsocketd.Server, name string) string {
	isNamed := func(p libwebsocketd.ProgramInfo) bool { return p.Name == name }
	if name == c.Name && !slices.ContainsFunc(s.Programs(), isNamed) {
		return ""
	}
	return name
}
