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
	"websocketd/libwebsocketd/process"
	"websocketd/libwebsocketd/stdio"
)

// Lifetime decides how long a program's processes live, if not as long as their
// connection. It holds only settings, which Reload compares with reflect.DeepEqual; Serve
// makes the Supervisor that acts on them. The console and GET ?state tell what its method
// Name() string returns, if it has one.
//
// A Lifetime that has a method NeedsUsers() bool, and returns true, is for programs whose
// clients have to prove who they are.
type Lifetime interface {
	// Check returns an error if the settings are wrong, or contradict the rest of p's.
	Check(p *Program) error

	// Serve returns a Supervisor for host's program. New and Reload call it, Reload with
	// its lock held: it must not call Reload or Shutdown, nor wait for a goroutine that
	// does.
	Serve(host *Runtime) Supervisor
}

// Supervisor keeps the processes of one Program for a Lifetime. It ends with its Runtime.
type Supervisor interface {
	// Open returns the program's endpoint for one client, or why that client gets none.
	// It may be called by any number of goroutines at once.
	Open(call *Attach) (bridge.Endpoint, *gate.Refusal)

	// Retire is called once, when Reload has replaced the Program. Open is not called
	// any more; processes that have clients go on. Like Serve it must not call Reload.
	Retire()
}

// Teller is a Supervisor that tells an operator whether its program works.
type Teller interface {
	Condition() Condition
}

// Condition is whether a program works.
type Condition struct {
	State string // a word, and perhaps a colon and the cause
	Fails bool   // a process is to be there, and is not: the server is not ready
}

// Attach describes an admitted client to a Supervisor.
type Attach struct {
	Request  *http.Request
	Target   Target
	Identity Identity
	Log      *slog.Logger // of the client; a Supervisor may replace it by one that says more

	// Header is the header of the answer to come, be it a 101, a 200 or a stream. A
	// Supervisor may add to it, for example a cookie or the id of a session.
	Header http.Header

	// Admitted is the client's request as Runtime.StartFor needs it.
	Admitted *Request

	MayStart  bool // a process may be started for the client
	SendOnly  bool // the client sends messages and receives none
	Polling   bool // the client disconnects and comes back within moments
	OutOfBand bool // the client can tell a Note from a message
	Endings   bool // it is sent a Note when a process has ended, and none when another one has started
}

// Target says where below a program's path a request points.
type Target struct {
	ScriptName, PathInfo string
	argv                 []string
}

// Command returns what runs there: the path of an executable and its arguments. The
// caller must not change it.
func (p Target) Command() []string { return p.argv }

// Runtime is what a Supervisor may use of its Server. Its methods may be called from any
// goroutine.
type Runtime struct {
	server  *Server
	program *program
}

// Program returns the complete settings. The caller must not change them.
func (h *Runtime) Program() *Program { return &h.program.Program }

// Log returns the logger for what concerns the program and no client.
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

// Processes returns how many processes of the program run now.
func (h *Runtime) Processes() int { return h.program.slots.InUse() }

// Context returns a context that is canceled when the server shuts down, before any
// client's context is.
func (h *Runtime) Context() context.Context { return h.server.ctx }

// Go runs f in a goroutine that Shutdown waits for. It may be called within Serve, within
// Open, and by what Go runs.
func (h *Runtime) Go(f func()) { h.server.running.Go(f) }

// Own returns the Target of the program itself; ok is false when the URL chooses what
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
// again when nothing of the process's group remains. The caller must call Close.
func (h *Runtime) Start(at Target) (*stdio.Endpoint, *gate.Refusal) {
	return h.StartFor(Start{Target: at})
}

// Start says what StartFor starts, and for which client.
type Start struct {
	Target Target
	Args   []string // after those of the Target's command
	For    *Request // the client whose request the process sees; nil is none
	Env    []string // NAME=VALUE; they win over all others

	// ID is that of the session the process is for, as an Observer is told; "" is none. Send
	// sends messages to the process in turn with those of its clients; nil: nothing does.
	ID   string
	Send func(ctx context.Context, batch ...bridge.Message) error

	History int // bytes of the output that the Lifetime keeps, as an Observer is told

	// Owner is whose alone the process is. It sees that as REMOTE_USER and AUTH_TYPE, and
	// the console shows its standard error to nobody else. The zero value is nobody's.
	Owner Identity

	// Free is for a process that is not for a client, and is always there: it takes no slot.
	Free bool

	// Ladder is how it is ended; nil is that of its program's clients. Tap is shown what it
	// writes, after an Observer; may be nil.
	Ladder process.Ladder
	Tap    stdio.Tap

	// Environ is the whole environment, as Runtime.Environ returns it; For and Env are
	// then not used. nil: it is made of them.
	Environ []string
}

// StartFor does what Start does, with arguments, variables and a client's request.
func (h *Runtime) StartFor(o Start) (*stdio.Endpoint, *gate.Refusal) {
	s, p, at := h.server, h.program, o.Target
	if len(at.argv) == 0 {
		return nil, newRefusal(http.StatusNotFound, "the URL chooses what runs here, and chooses nothing")
	}
	log := s.console.overhear(keptAt{p, at.ScriptName, at.PathInfo, o.Owner.User}, h.Log()).With("command", at.argv[0])
	env := o.Environ
	if env == nil {
		env = o.environment(p)
	}
	if refusal := fits(env); refusal != nil {
		return nil, refusal
	}
	slot, refusal := s.slotFor(&o, p, log)
	if refusal != nil {
		return nil, refusal
	}
	proc, err := s.launch(p, slices.Concat(at.argv, o.Args), env)
	if err != nil {
		if !o.Free {
			s.release(p)
		}
		refusal, why := launchFailed(log, err, at.argv[0], p.WorkDir, at.PathInfo)
		s.observeFailure(Process{Program: p.Name, ID: o.ID, History: o.History}, why)
		return nil, refusal
	}
	return h.bridge(proc, &o, log, slot, stdio.Rest{}), nil
}

// bridge returns the endpoint of a process that was started, or taken over with the rest of what it
// has written.
func (h *Runtime) bridge(proc *process.Process, o *Start, log *slog.Logger, slot stdio.Slot, rest stdio.Rest) *stdio.Endpoint {
	s, p := h.server, h.program
	e := p.processOptions()
	e.Log, e.Slot, e.Hint, e.Ladder, e.Rest = log.With("pid", proc.Pid), slot, &p.hint, o.Ladder, rest
	s.observe(Process{Program: p.Name, ID: o.ID, Pid: proc.Pid, History: o.History, Send: o.Send}, &e, nil)
	e.Tap = stdio.Taps(e.Tap, o.Tap)
	return stdio.NewEndpoint(proc, e)
}

// slotFor returns the slot of a process of p, which may have to wait for it.
func (s *Server) slotFor(o *Start, p *program, log *slog.Logger) (stdio.Slot, *gate.Refusal) {
	if o.Free {
		return noPlace{}, nil
	}
	if refusal := s.claimSlot(s.ctx, p, log); refusal != nil {
		s.observeFull(p)
		logging.At(log, logging.LevelError, "process", "Max of possible forks already active, not started")
		return nil, refusal
	}
	return place{&s.programs, p}, nil
}

// Environ returns the environment of the process that StartFor would start, for one that is
// started again when the request is over.
func (h *Runtime) Environ(o Start) []string { return o.environment(h.program) }

// environment returns the variables of the process.
func (o *Start) environment(p *program) []string {
	env := p.env.shared(o.Target, o.Owner)
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

// Launch starts an executable for the server's own use, such as one that looks whether the
// program works: with the user, the directory and the environment of the program's processes,
// and with env, NAME=VALUE. It takes no slot. Both of its output streams are one. The caller
// must end and close it.
func (h *Runtime) Launch(argv, env []string) (*process.Process, error) {
	own, _ := h.Own()
	o := Start{Target: own, Env: env}
	spec := h.program.spec(argv, o.environment(h.program))
	spec.Stderr = process.StderrStdout
	return h.server.startSpec(h.program, spec)
}

// Ended returns the function to call with how the last process of a URL ended, after its
// clients were sent that: see Config.Ended. It returns nil if there is no such function.
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

// startLifetime makes the Supervisor of a program that has a Lifetime.
func (s *Server) startLifetime(p *program) {
	if p.Lifetime != nil {
		p.supervisor = p.Lifetime.Serve(&Runtime{server: s, program: p})
	}
}

// retire ends what is kept of a program that gets no more requests.
func (s *Server) retire(p *program) {
	s.running.Go(p.pool.Close)
	if p.supervisor != nil {
		p.supervisor.Retire()
	}
}

// shared returns the environment of a process that has no client of its own: nothing of
// the request of the first client is in it.
func (e *environment) shared(at Target, owner Identity) []string {
	vars := []variable{
		{"GATEWAY_INTERFACE", "CGI/1.1"},
		{"SCRIPT_NAME", cleanValue(at.ScriptName)},
		{"PATH_INFO", cleanValue(at.PathInfo)},
	}
	if owner.User != "" {
		vars = append(vars, variable{"AUTH_TYPE", cleanValue(owner.Proof)}, variable{"REMOTE_USER", cleanValue(owner.User)})
	}
	return e.override(vars)
}
