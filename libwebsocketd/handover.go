package libwebsocketd

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"

	"websocketd/libwebsocketd/gate"
	"websocketd/libwebsocketd/process"
	"websocketd/libwebsocketd/stdio"
)

// Mover is a Supervisor whose processes another server can go on with.
type Mover interface {
	Supervisor

	// Lift makes everything stand still that can be handed over: clients are sent away, and
	// what is read of processes and not told stays where it is. What cannot be handed over
	// goes on. The caller must call settle, once. After an error, as when something does not
	// stand still before ctx is done, everything goes on, as soon as it can, and there is nothing
	// to settle.
	Lift(ctx context.Context) (all []Handed, settle func(taken bool), err error)

	// TakeOver returns the function that goes on with what Lift has returned in another server:
	// begin. Both are called before any Open.
	TakeOver(h Handed) (begin func(), err error)
}

// Handed is something that outlives its clients, on its way from one server to another.
type Handed struct {
	Path  string     // of the Program, or what Carrier.Carries returns
	Data  []byte     // its Lifetime's own, in the form of encoding/gob
	Files []*os.File // of the process, as Carried says. They are the receiver's
	Pid   int        // of the process; 0 is none

	// Parent is whose child the process is. Lift returns nil for one of this server's.
	Parent process.Parent
}

// Carried is a process on its way, without its files: what is in transit in the server between
// its pipes and its clients.
type Carried struct {
	Pid                 int
	HasStdin, HasStderr bool // which files there are beside its output
	Stdout, Stderr      []byte
}

// Carry returns what is known of a process that is paused.
func Carry(p *stdio.Endpoint, rest stdio.Rest) *Carried {
	return &Carried{Pid: p.Pid(), Stdout: rest.Stdout, Stderr: rest.Stderr}
}

// Files sets which files there are, and returns duplicates of them.
func (c *Carried) Files(p *stdio.Endpoint) ([]*os.File, error) {
	files, err := p.Process().Duplicates()
	if err != nil {
		return nil, fmt.Errorf("process %d: %w", c.Pid, err)
	}
	c.HasStdin, c.HasStderr = files[0] != nil, files[2] != nil
	return slices.DeleteFunc(files[:], func(f *os.File) bool { return f == nil }), nil
}

// IsBegun reports whether AwaitBegun need not wait.
func (h *Runtime) IsBegun() bool {
	if h.server.cfg.Begun == nil {
		return true
	}
	select {
	case <-h.server.cfg.Begun:
		return true
	default:
		return false
	}
}

// AwaitBegun returns when a Lifetime may start a process by itself: see Config.Begun. It returns false
// if the server goes away before.
func (h *Runtime) AwaitBegun() bool {
	if h.server.cfg.Begun == nil {
		return true
	}
	select {
	case <-h.server.cfg.Begun:
		return true
	case <-h.server.ctx.Done():
		return false
	}
}

// Extra returns the files that are not the process's.
func (c *Carried) Extra(files []*os.File) []*os.File {
	n := 1
	for _, is := range []bool{c.HasStdin, c.HasStderr} {
		if is {
			n++
		}
	}
	return files[min(n, len(files)):]
}

// Lend ends an Endpoint that another server has taken over, for Mover's settle.
func (h *Runtime) Lend(p *stdio.Endpoint) { h.server.lend(p) }

// Continue goes on with a process of another server. It is counted like one that StartFor has
// started, but not refused.
func (h *Runtime) Continue(c *Carried, from *Handed, o Start) (*stdio.Endpoint, error) {
	s, p := h.server, h.program
	log := h.Log()
	if len(o.Target.argv) > 0 {
		log = s.console.overhear(keptAt{p, o.Target.ScriptName, o.Target.PathInfo, o.Owner.User}, log).With("command", o.Target.argv[0])
	}
	proc, slot, err := s.adopt(c, from, &o, p, log)
	if err != nil {
		return nil, err
	}
	return h.bridge(proc, &o, log, slot, stdio.Rest{Stdout: c.Stdout, Stderr: c.Stderr}), nil
}

// adopt makes a process of another server one of p's.
func (s *Server) adopt(c *Carried, from *Handed, o *Start, p *program, log *slog.Logger) (*process.Process, stdio.Slot, error) {
	files := from.Files
	adopted := process.Adopted{Pid: c.Pid, Parent: from.Parent}
	for _, file := range []struct {
		is bool
		to **os.File
	}{{c.HasStdin, &adopted.Stdin}, {true, &adopted.Stdout}, {c.HasStderr, &adopted.Stderr}} {
		if file.is && len(files) > 0 {
			*file.to, files = files[0], files[1:]
		}
	}
	if adopted.Stdout == nil {
		return nil, nil, fmt.Errorf("process %d came without its output", c.Pid)
	}
	slot, refusal := s.slotFor(o, p, log)
	if refusal != nil { // there are fewer places now
		slot = noPlace{}
	}
	proc, err := s.launcher.Adopt(adopted)
	if err != nil {
		slot.Leaving()
		slot.Gone()
		return nil, nil, fmt.Errorf("process %d: %w", c.Pid, err)
	}
	return proc, slot, nil
}

// NewTarget returns a Target that another server has had.
func NewTarget(scriptName, pathInfo string, command []string) Target {
	return Target{ScriptName: scriptName, PathInfo: pathInfo, argv: command}
}

// lend lends a process to the server that goes on with it.
func (s *Server) lend(p *stdio.Endpoint) {
	loan, own := p.Lend(s.launcher)
	if own {
		s.lending.Lock()
		defer s.lending.Unlock()
		s.lent = append(s.lent, loan)
	}
}

// Lift makes everything stand still that outlives its clients. Requests wait until settle is
// called; if another server has taken all over, they are refused from then on, so that clients come
// again, to that one. What lives for a connection goes on. loans are of processes that
// settle(true) leaves to the caller. After an error everything goes on. It is one, too, that a process of an
// earlier server is there which cannot be handed over.
func (s *Server) Lift(ctx context.Context) (all []Handed, settle func(taken bool) (loans []process.Loan), err error) {
	release := s.brake.Hold()
	s.reloading.Lock() // what is served stays so meanwhile
	var settles []func(bool)
	end := func(taken bool) []process.Loan {
		for _, settle := range settles {
			settle(taken)
		}
		if taken {
			s.retireRest()
		}
		s.handed = taken // what has waited here changes nothing any more
		s.reloading.Unlock()
		release(taken)
		s.lending.Lock()
		defer s.lending.Unlock()
		return s.lent
	}
	err = s.lifters(func(path string, from lifter) error {
		handed, settle, err := from.Lift(ctx)
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		for i := range handed {
			handed[i].Path = path
		}
		all, settles = append(all, handed...), append(settles, settle)
		return nil
	})
	if err == nil {
		err = s.launcher.AwaitAdopted(ctx, func(pid int) bool {
			return slices.ContainsFunc(all, func(h Handed) bool { return h.Pid == pid })
		})
	}
	if err != nil {
		end(false)
		CloseFiles(all)
		return nil, nil, err
	}
	return all, end, nil
}

// retireRest ends what was started ahead, and lets the processes end that could not be handed over,
// when their last client has left; reloading is held.
func (s *Server) retireRest() {
	for _, p := range s.routes.Load().programs {
		s.running.Go(p.pool.Close)
		if _, moved := p.supervisor.(Mover); p.supervisor != nil && !moved {
			p.supervisor.Retire()
		}
	}
}

// elsewhere refuses a request for what another server has taken over.
func (s *Server) elsewhere(r *http.Request) *gate.Refusal {
	to, refusal := s.route(r)
	if refusal != nil {
		return nil
	}
	mover, is := to.program.supervisor.(Mover)
	if !is {
		return nil
	}
	if own, ok := mover.(Phraser); ok && !isUpgrade(r) {
		return own.Phrase(r, gate.HandedOver)
	}
	return gate.HandedOver
}

// Bare returns the listener of the system in one of Listen's, as listen.Pass needs it.
func Bare(l net.Listener) net.Listener {
	if l, elsewhere := l.(redirectListener); elsewhere {
		return l.Listener
	}
	return l
}

// TakeOver returns the function that goes on with what another server has handed over. Both are called
// before Serve, and before Config.Begun is closed.
func (s *Server) TakeOver(h Handed) (begin func(), err error) {
	for _, p := range s.routes.Load().programs {
		if p.Path != h.Path {
			continue
		}
		if mover, ok := p.supervisor.(Mover); ok {
			return mover.TakeOver(h)
		}
		return nil, fmt.Errorf("%s: its processes do not outlive their clients any more", h.Path)
	}
	if !strings.HasPrefix(h.Path, "/") {
		return s.takeOverDialect(h)
	}
	return nil, fmt.Errorf("%s: nothing is served there any more", h.Path)
}
