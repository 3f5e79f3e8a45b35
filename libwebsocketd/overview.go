package libwebsocketd

import (
	"slices"

	"websocketd/libwebsocketd/stdio"
)

// ProgramInfo describes a program that is served.
type ProgramInfo struct {
	Name     string // "" is the Config's own
	Path     string // the URL path
	Lifetime string // connection, or what the Lifetime calls itself
	Framing  string // or binary

	// Command is the executable and its arguments. With Config.Dir, where the URL chooses what
	// runs, it is the directory alone.
	Command []string

	Processes    int // that run now, with those that were started ahead and, of the Config's own, CGI scripts
	MaxProcesses int // how many may run at once; 0 is no limit

	Condition Condition // what its Supervisor tells, if it is a Teller
}

// Programs returns what is served now, the longest path first. It may be called at any time.
func (s *Server) Programs() []ProgramInfo {
	programs := s.routes.Load().programs
	all := make([]ProgramInfo, 0, len(programs))
	for _, p := range programs {
		all = append(all, s.info(p))
	}
	return all
}

func (s *Server) info(p *program) ProgramInfo {
	command := slices.Clone(p.Command)
	if p.scripts != "" {
		command = []string{p.scripts}
	}
	host := Runtime{server: s, program: p}
	var told Condition
	if teller, ok := p.supervisor.(Teller); ok {
		told = teller.Condition()
	}
	return ProgramInfo{
		Condition: told,
		Name:      p.Name, Path: p.Path, Lifetime: p.lifetimeName(), Framing: p.framingName(), Command: command,
		Processes: p.slots.InUse(), MaxProcesses: max(host.MaxForks(), 0),
	}
}

// framingName returns what the program's messages are called: its framing, or binary.
func (p *program) framingName() string {
	if p.Binary {
		return "binary"
	}
	return string(orDefault(p.Framing, stdio.FramingLine))
}

// Processes returns how many processes of all programs run now, with those that were started
// ahead and CGI scripts. It may be called at any time.
func (s *Server) Processes() int { return s.slots.InUse() }

// GoingAway reports whether Drain or Shutdown was called: nobody new comes in.
func (s *Server) GoingAway() bool { return s.isGoingAway() }
