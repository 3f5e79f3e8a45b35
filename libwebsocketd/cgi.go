package libwebsocketd

import (
	"log/slog"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"

	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/cgi"
	"websocketd/libwebsocketd/exchange"
	"websocketd/libwebsocketd/gate"
	"websocketd/libwebsocketd/internal/paths"
	"websocketd/libwebsocketd/logging"
	"websocketd/libwebsocketd/process"
	"websocketd/libwebsocketd/stdio"
)

// findCGI maps a URL path below Config.CGIPath to a script of the directory. found is
// false when there is none; the request then is somebody else's.
func (s *Server) findCGI(urlPath string) (to route, refusal *gate.Refusal, found bool) {
	below, ok := strings.CutPrefix(paths.Clean(urlPath), strings.TrimSuffix(s.cfg.CGIPath, "/"))
	if s.cfg.CGIDir == "" || !ok || !strings.HasPrefix(below, "/") || strings.ContainsRune(below, 0) {
		return route{}, nil, false
	}
	to, refusal = findScript(s.cfg.CGIDir, below)
	if refusal != nil && refusal.Status == http.StatusNotFound {
		return route{}, nil, false
	}
	to.scriptName = strings.TrimSuffix(s.cfg.CGIPath, "/") + to.scriptName
	return to, refusal, true
}

// serveCGI runs a script for one request (RFC 3875). Its life ends with the
// request's: a client that leaves takes the whole group along.
func (s *Server) serveCGI(w http.ResponseWriter, r *http.Request, to route, from remote, id string, log *slog.Logger) {
	if !s.begin() {
		s.answer(w, r, gate.GoingAway)
		return
	}
	defer s.running.Done()
	refusal := s.own.origins.CheckPlain(r)
	if refusal == nil {
		refusal = s.letIn(r, s.own, "", &from)
	}
	defer from.seat.Leave()
	if refusal == nil {
		refusal = s.starts.Take(from.Addr)
	}
	log = from.log(log)
	if refusal != nil {
		logging.At(log, logging.LevelAccess, "http", "CGI: "+refusal.Reason)
		s.answer(w, r, refusal)
		return
	}
	if refusal := s.claimSlot(r.Context(), to.program, log); refusal != nil {
		s.observeFull(to.program)
		logging.At(log, logging.LevelError, "http", "Fork not allowed since maxforks amount has been reached. CGI was not run.")
		s.answer(w, r, refusal)
		return
	}
	env := to.program.env.of(r, to, from, id, cgiVariables(r, to)...)
	program, refusal := s.startCGI(to, withPath(env), r, log)
	if refusal != nil {
		s.release(to.program)
		s.answer(w, r, refusal)
		return
	}
	logging.At(log, logging.LevelAccess, "http", "CGI")
	s.converseCGI(w, r, to, program, log)
}

// converseCGI has the conversation. What the client is to blame for, and what the script
// is, stands in the log.
func (s *Server) converseCGI(w http.ResponseWriter, r *http.Request, to route, program bridge.Endpoint, log *slog.Logger) {
	gone, settle := untilGone(r)
	defer settle()
	req := &Request{HTTP: r.WithContext(gone), Silent: r.Context(), server: s, to: to, log: log}
	form := &cgi.Encoder{Asked: r}
	client := exchange.New(s.ctx, w, req.HTTP, exchange.Options{
		Encoder: form, Peer: req, Silent: req.Silent, Interval: to.program.PingInterval,
	})
	client.Begin(0)
	t := bridge.Pipe(program, client)
	if failed := form.Failure(); failed != nil {
		logging.At(log, logging.LevelError, "http", "CGI: "+failed.Error(), "ending", t.Cause.Error())
	} else if failed := cgi.ClientFailure(t.Cause); failed != nil {
		logging.At(log, logging.LevelAccess, "http", "CGI: "+failed.Error())
	} else if dropped := form.Dropped(); dropped != "" {
		logging.At(log, logging.LevelError, "http", "CGI: "+dropped)
	}
	if !client.IsWhole() {
		req.BreakOff()
	}
}

// startCGI starts the script in its own directory.
func (s *Server) startCGI(to route, env []string, r *http.Request, log *slog.Logger) (*stdio.Endpoint, *gate.Refusal) {
	if refusal := fits(env); refusal != nil {
		return nil, refusal
	}
	dir := filepath.Dir(to.argv[0])
	p := to.program
	proc, err := s.startSpec(p, process.Spec{Path: to.argv[0], Args: to.argv, Env: env, Dir: dir, Account: p.account, Confinement: p.confined})
	if err != nil {
		refusal, _ := launchFailed(log, err, to.argv[0], dir, r.RequestURI)
		return nil, refusal
	}
	return stdio.NewEndpoint(proc, stdio.Options{
		Binary: true, MaxLine: to.program.MaxLine, CloseDelay: to.program.CloseDelay,
		Log: log.With("pid", proc.Pid), Slot: place{&s.programs, to.program},
	}), nil
}

// cgiVariables returns what a request with a body has besides the others. A script whose
// CONTENT_LENGTH is empty reads to the end of its input.
func cgiVariables(r *http.Request, to route) []variable {
	vars := []variable{{"SCRIPT_FILENAME", to.argv[0]}}
	if r.ContentLength > 0 {
		vars = append(vars, variable{"CONTENT_LENGTH", strconv.FormatInt(r.ContentLength, 10)})
	}
	if t := r.Header.Get("Content-Type"); t != "" {
		vars = append(vars, variable{"CONTENT_TYPE", cleanValue(t)})
	}
	return vars
}

// withPath makes sure that a script finds the usual programs.
func withPath(env []string) []string {
	for _, entry := range env {
		if strings.HasPrefix(entry, "PATH=") {
			return env
		}
	}
	return append(env, "PATH=/bin:/usr/bin:/usr/local/bin")
}
