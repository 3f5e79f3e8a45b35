package libwebsocketd

import (
	"errors"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"slices"
	"strings"
	"syscall"

	"websocketd/internal/errno"
	"websocketd/libwebsocketd/gate"
	"websocketd/libwebsocketd/internal/text"
	"websocketd/libwebsocketd/logging"
	"websocketd/libwebsocketd/process"
	"websocketd/libwebsocketd/stdio"
)

// maxVariable is the longest NAME=VALUE that Linux passes to a program (MAX_ARG_STRLEN,
// 32 pages with the final NUL). Elsewhere the limit is higher, and the system call
// returns an error.
const maxVariable = 128<<10 - 1

// fits refuses a request that could not be put into a child's environment:
// 414 when it is the URL that is too long, 431 when it is a header.
func fits(env []string) *gate.Refusal {
	for _, entry := range env {
		if len(entry) <= maxVariable {
			continue
		}
		name, _, _ := strings.Cut(entry, "=")
		if strings.HasPrefix(name, "HTTP_") {
			return newRefusal(http.StatusRequestHeaderFieldsTooLarge, "the header of "+text.Quote(name)+" does not fit a program's environment")
		}
		return newRefusal(http.StatusRequestURITooLong, "the URL does not fit a program's environment")
	}
	return nil
}

// StartProcess does what Open does for a program without a Lifetime, with further arguments
// and another framing. With arguments, no process that was started ahead is used.
func (req *Request) StartProcess(args []string, framing stdio.Framing) (*stdio.Endpoint, *gate.Refusal) {
	if refusal := req.server.takeTurn(); refusal != nil {
		return nil, refusal
	}
	o := req.to.program.processOptions()
	o.Framing, o.Newlines, o.Binary = framing, "", false
	own, refusal := req.start(args, o)
	if refusal != nil {
		req.server.turn.Store(false)
	}
	return own, refusal
}

// start returns a process for this client alone: one that is ready, or a new one. It
// owns its slot, which is free again when the program's whole session is gone.
func (req *Request) start(args []string, o stdio.Options) (*stdio.Endpoint, *gate.Refusal) {
	s, p := req.server, req.to.program
	if refusal := req.countStart(); refusal != nil {
		return nil, refusal
	}
	ready, refusal := s.acquire(req.HTTP.Context(), p, len(args) == 0, req.log)
	if refusal != nil {
		s.observeFull(p)
		logging.At(req.log, logging.LevelError, "http", "Max of possible forks already active, upgrade rejected")
		return nil, asLogged(refusal)
	}
	s.lookup.Learn(req.from.addr)
	env := p.env.of(req.HTTP, req.to, req.from, req.id)
	logEnvironment(req.log, env)
	if refusal := fits(env); refusal != nil {
		s.giveBack(p, ready, req.log)
		return nil, refusal
	}
	proc := ready
	if proc == nil {
		var err error
		if proc, err = s.launch(p, slices.Concat(req.to.argv, args), env); err != nil {
			s.release(p)
			refusal, why := launchFailed(req.log, err, req.to.argv[0], p.WorkDir, req.HTTP.RequestURI)
			s.observeFailure(Process{Program: p.Name, ID: req.id}, why)
			return nil, asLogged(refusal)
		}
	}
	if p.PreforkRequest {
		req.first = requestLine(env)
	}
	req.log = req.log.With("pid", proc.Pid)
	o.Log, o.Slot, o.Hint = req.log, place{&s.programs, p}, &p.hint
	s.observe(Process{Program: p.Name, ID: req.id, Pid: proc.Pid}, &o, s.cfg.Ended)
	return stdio.NewEndpoint(proc, o), nil
}

// launch starts a program.
func (s *programs) launch(p *program, argv, env []string) (*process.Process, error) {
	return s.startSpec(p, p.spec(argv, env))
}

// startSpec starts a process of a program, unless the user it is to run as is gone.
func (s *programs) startSpec(p *program, spec process.Spec) (*process.Process, error) {
	if p.noAccount != nil {
		return nil, p.noAccount
	}
	return s.launcher.Start(spec)
}

// spec returns how a process of the program is started that is bridged.
func (p *program) spec(argv, env []string) process.Spec {
	spec := process.Spec{Path: argv[0], Args: argv, Env: env, Dir: p.WorkDir, Account: p.account, Confinement: p.confined}
	switch p.Stderr {
	case StderrMerge:
		spec.Stderr = process.StderrStdout
	case StderrDiscard:
		spec.Stderr = process.StderrNowhere
	}
	return spec
}

// launchFailed logs why an executable could not be started, and returns it with the refusal. The
// system's error is of little use when it is the interpreter that is missing, so the log
// has the true cause instead. Paths are for the log only, not for strangers. uri is the
// part of the URL that went into the environment.
func launchFailed(log *slog.Logger, err error, path, dir, uri string) (refusal *gate.Refusal, why string) {
	refusal, why = launchRefusal(err, path, dir, uri)
	logging.At(log, logging.LevelError, "process", "Could not launch process: "+why)
	return refusal, why
}

func launchRefusal(err error, path, dir, uri string) (refusal *gate.Refusal, why string) {
	why = err.Error()
	switch {
	case errno.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE), errors.Is(err, syscall.EAGAIN),
		errno.Is(err, syscall.ENOMEM), errors.Is(err, syscall.EBADF), errors.Is(err, process.ErrClosed):
		return &gate.Refusal{Status: http.StatusServiceUnavailable, Kind: gate.KindNoResources, Reason: "no room for another process now; the log says why", RetryAfter: 1}, why
	case errno.Is(err, syscall.E2BIG):
		if len(uri) > maxVariable/2 {
			return newRefusal(http.StatusRequestURITooLong, "the URL does not fit a program's environment"), why
		}
		return newRefusal(http.StatusRequestHeaderFieldsTooLarge, "the headers do not fit a program's environment"), why
	case dir != "" && !isDir(dir):
		return newRefusal(http.StatusInternalServerError, "the directory the program is to run in does not exist"),
			path + ": there is no directory " + dir + ", which it is to run in"
	}
	if at := (*fs.PathError)(nil); errors.As(err, &at) && at.Path == os.DevNull {
		return newRefusal(http.StatusInternalServerError, "the null device of this system cannot be opened"), why
	}
	if e := checkExecutable(path, dir, mostInterpreters); e != nil {
		return newRefusalOf(e.kind, e.reason), path + ": " + e.Error()
	}
	switch {
	case errors.Is(err, fs.ErrPermission):
		return newRefusalOf(gate.KindNotExecutable, "the system does not allow the program to be executed"), why
	case errno.Is(err, syscall.ENOEXEC):
		return newRefusal(http.StatusInternalServerError, "the program has no format the system can execute"), why
	}
	return newRefusal(http.StatusInternalServerError, "the program could not be started; the log says why"), why
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}
