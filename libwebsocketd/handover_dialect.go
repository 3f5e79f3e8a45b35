package libwebsocketd

import (
	"context"
	"fmt"
	"net/http"
	"net/url"

	"websocketd/libwebsocketd/stdio"
)

// Carrier is a Dialect with something that outlives its clients, and that another server can go on
// with, like a Mover.
type Carrier interface {
	Dialect

	// Carries returns the Path of what is handed over. No slash begins it: that would be a
	// Program's.
	Carries() string

	// Lift does what that of a Mover does.
	Lift(ctx context.Context) (all []Handed, settle func(taken bool), err error)

	// TakeOver does what that of a Mover does, in s.
	TakeOver(s *Server, h Handed) (begin func(), err error)
}

// lifter is what a Mover and a Carrier have in common.
type lifter interface {
	Lift(ctx context.Context) (all []Handed, settle func(taken bool), err error)
}

// lifters calls f with everything that can be handed over, until there is an error. reloading is held.
func (s *Server) lifters(f func(path string, from lifter) error) error {
	for _, p := range s.routes.Load().programs {
		if mover, ok := p.supervisor.(Mover); ok {
			if err := f(p.Path, mover); err != nil {
				return err
			}
		}
	}
	for _, d := range s.cfg.Dialects {
		if carrier, ok := d.(Carrier); ok {
			if err := f(carrier.Carries(), carrier); err != nil {
				return err
			}
		}
	}
	return nil
}

// takeOverDialect returns the function that goes on with what a Dialect of another server has handed over.
func (s *Server) takeOverDialect(h Handed) (begin func(), err error) {
	for _, d := range s.cfg.Dialects {
		if carrier, ok := d.(Carrier); ok && carrier.Carries() == h.Path {
			return carrier.TakeOver(s, h)
		}
	}
	return nil, fmt.Errorf("%s: that is not served any more", h.Path)
}

// PassedRequest is what is known of a Request that is over, on its way from one server to another.
type PassedRequest struct {
	ID, Remote           string
	User, Proof          string
	IsNamed              bool // there is a program
	Program              string
	ScriptName, PathInfo string
	Command              []string
}

// Pass returns what another server needs of a request that is over.
func (req *Request) Pass() PassedRequest {
	to := PassedRequest{ID: req.id, Remote: req.from.host, User: req.from.User, Proof: req.from.Proof,
		ScriptName: req.to.scriptName, PathInfo: req.to.pathInfo, Command: req.to.argv}
	if to.IsNamed = req.to.program != nil; to.IsNamed {
		to.Program = req.to.program.Name
	}
	return to
}

// Recall returns the Request of another server's client, which is over: for Request.For and what runs
// on. It fails if the program is not served any more.
func (s *Server) Recall(p PassedRequest) (*Request, error) {
	to := route{scriptName: p.ScriptName, pathInfo: p.PathInfo, argv: p.Command}
	if p.IsNamed {
		if to.program = s.routes.Load().named()[p.Program]; to.program == nil {
			return nil, fmt.Errorf("the program %s is not served any more", p.Program)
		}
	}
	r := &http.Request{Method: http.MethodPost, URL: &url.URL{Path: p.ScriptName}, Header: http.Header{}}
	from := remote{host: p.Remote, Identity: Identity{User: p.User, Proof: p.Proof}}
	log := s.cfg.Logger.With("id", p.ID, "remote", from.host)
	return s.newRequest(r.WithContext(s.ctx), to, from, p.ID, log, http.Header{}), nil
}

// ContinueProcess goes on with a process of another server that StartProcess has started there, with
// that framing. It is counted, but not refused.
func (req *Request) ContinueProcess(c *Carried, from *Handed, framing stdio.Framing) (*stdio.Endpoint, error) {
	s, p := req.server, req.to.program
	proc, slot, err := s.adopt(c, from, &Start{}, p, req.log)
	if err != nil {
		return nil, err
	}
	req.log = req.log.With("pid", proc.Pid)
	o := p.processOptions()
	o.Framing, o.Newlines, o.Binary = framing, "", false
	o.Tagged = o.Tagged && c.HasStderr
	o.Log, o.Slot, o.Hint, o.Rest = req.log, slot, &p.hint, stdio.Rest{Stdout: c.Stdout, Stderr: c.Stderr}
	s.observe(Process{Program: p.Name, ID: req.id, Pid: proc.Pid}, &o, s.cfg.Ended)
	return stdio.NewEndpoint(proc, o), nil
}
