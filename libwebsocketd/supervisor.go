package libwebsocketd

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"strings"

	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/gate"
	"websocketd/libwebsocketd/logging"
	"websocketd/libwebsocketd/stdio"
)

// Lifetime says who owns the life of a program's processes, if that is not the
// connection. It is settings, which Reload compares with reflect.DeepEqual; what
// they are about begins with Serve. The console calls it what its method Name() string
// returns, if it has one.
type Lifetime interface {
	// Check is why the settings are wrong, or cannot go with the rest of p's.
	Check(p *Program) error

	// Serve begins to serve host's program. New and Reload call it, Reload with its lock
	// held: it must not call Reload or Shutdown, nor wait for a goroutine that does.
	Serve(host *Runtime) Supervisor
}

// Supervisor keeps the processes of one Program for a Lifetime. It ends with its Runtime.
type Supervisor interface {
	// Open is the program as one client has it, or why that client has none. It may
	// be called by any number of goroutines at once.
	Open(call *Attach) (bridge.Endpoint, *gate.Refusal)

	// Retire is called once, when Reload has put another Program in the place of
	// this one: nobody calls Open any more, and what has clients goes on. Like Serve it
	// must not call Reload.
	Retire()
}

// Attach is a client that was let in, as a Lifetime sees it.
type Attach struct {
	Request  *http.Request
	Target   Target
	Identity Identity
	Log      *slog.Logger

	// Header is that of the answer to come, be it a 101, a 200 or a stream: a Supervisor
	// may add to it, a cookie or the id of a session.
	Header http.Header

	MayStart  bool // something may be started for it
	SendOnly  bool // it has something to say and does not listen
	Polling   bool // it leaves for a moment and comes back
	OutOfBand bool // it can tell a Note from a message
}

// Target is where below its path a program is asked for.
type Target struct {
	ScriptName, PathInfo string
	argv                 []string
}

// Command is what runs there: the path of an executable and its arguments. It is
// not to be changed.
func (p Target) Command() []string { return p.argv }

// Runtime is what a Server gives a Supervisor to work with. Its methods may be called from
// anywhere.
type Runtime struct {
	server  *Server
	program *program
}

// Program is the complete settings. They are not to be changed.
func (h *Runtime) Program() *Program { return &h.program.Program }

// Log is for what concerns the program and no client.
func (h *Runtime) Log() *slog.Logger { return h.program.log(h.server.cfg.Logger) }

// MaxForks returns how many processes of the program may run for clients at once;
// not positive is no limit.
func (h *Runtime) MaxForks() int {
	own, all := h.program.MaxForks, h.server.cfg.MaxForks
	if own > 0 && all > 0 {
		return min(own, all)
	}
	return max(own, all)
}

// Context is done when the server is going away. It is before that of any client
// is.
func (h *Runtime) Context() context.Context { return h.server.ctx }

// Go runs f in a goroutine that Shutdown waits for. It is for within Serve, Open
// and what Go runs.
func (h *Runtime) Go(f func()) { h.server.running.Go(f) }

// Own is the place of the program itself; ok is false when the URL chooses what
// runs.
func (h *Runtime) Own() (own Target, ok bool) {
	p := h.program
	own = Target{ScriptName: p.Path, argv: p.Command}
	if p.Path == "/" {
		own.PathInfo = "/"
	}
	return own, p.scripts == ""
}

// Start starts the program for no client in particular. It takes a slot, which is free
// again when nothing of the process's group is left: whoever called Start calls Close.
func (h *Runtime) Start(at Target) (*stdio.Endpoint, *gate.Refusal) {
	return h.StartFor(Start{Target: at})
}

// Start is what StartFor starts, and for whom.
type Start struct {
	Target Target
	Args   []string // after those of the Target's command
	For    *Request // the client whose request the process sees; nil is none
	Env    []string // NAME=VALUE; they win over all others
}

// StartFor is Start with more to say.
func (h *Runtime) StartFor(o Start) (*stdio.Endpoint, *gate.Refusal) {
	s, p, at := h.server, h.program, o.Target
	log := s.console.overhear(p, at, h.Log()).With("command", at.argv[0])
	env := o.environment(p)
	if refusal := fits(env); refusal != nil {
		return nil, refusal
	}
	if refusal := s.claimSlot(s.ctx, p, log); refusal != nil {
		logging.At(log, logging.LevelError, "process", "Max of possible forks already active, not started")
		return nil, refusal
	}
	proc, err := s.launch(p, slices.Concat(at.argv, o.Args), env)
	if err != nil {
		s.release(p)
		return nil, launchFailed(log, err, at.argv[0], p.WorkDir, at.PathInfo)
	}
	e := p.processOptions()
	e.Log, e.Slot, e.Hint, e.Ended = log.With("pid", proc.Pid), place{&s.programs, p}, &p.hint, s.observe(p, nil)
	return stdio.NewEndpoint(proc, e), nil
}

// environment returns the variables of the process.
func (o *Start) environment(p *program) []string {
	env := p.env.shared(o.Target)
	if req := o.For; req != nil {
		to := route{program: p, argv: o.Target.argv, scriptName: o.Target.ScriptName, pathInfo: o.Target.PathInfo}
		env = p.env.of(req.HTTP, to, req.from, req.id)
	}
	for _, entry := range o.Env {
		name, _, _ := strings.Cut(entry, "=")
		env = slices.DeleteFunc(env, func(other string) bool { return strings.HasPrefix(other, name+"=") })
	}
	return append(env, o.Env...)
}

// Ended is what is to be told how the last process of a URL ended, once its clients
// know: see Config.Ended. It is nil when nobody asks.
func (h *Runtime) Ended() func(ending error) {
	if h.server.cfg.Ended == nil {
		return nil
	}
	return func(ending error) {
		if ended := new(bridge.EndedError); errors.As(ending, &ended) {
			h.server.cfg.Ended(ended.Ending)
		}
	}
}

// startLifetime begins to serve a program that has a Lifetime.
func (s *Server) startLifetime(p *program) {
	if p.Lifetime != nil {
		p.supervisor = p.Lifetime.Serve(&Runtime{server: s, program: p})
	}
}

// retire ends what is kept of a program that nobody will ask for again.
func (s *Server) retire(p *program) {
	s.running.Go(p.pool.Close)
	if p.supervisor != nil {
		p.supervisor.Retire()
	}
}

// shared is the environment of a process that is not one client's: nothing in it
// is the request's of whoever came first.
func (e *environment) shared(at Target) []string {
	return e.override([]variable{
		{"GATEWAY_INTERFACE", "CGI/1.1"},
		{"SCRIPT_NAME", cleanValue(at.ScriptName)},
		{"PATH_INFO", cleanValue(at.PathInfo)},
	})
}
