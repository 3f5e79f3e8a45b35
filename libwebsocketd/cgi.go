package libwebsocketd

import (
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"websocketd/libwebsocketd/gate"
	"websocketd/libwebsocketd/process"
)

// findCGI maps a URL path to a script of --cgidir. The directory is the URL's
// root. found is false when there is no such file; the request then is somebody
// else's.
func findCGI(dir, urlPath string) (to route, refusal *gate.Refusal, found bool) {
	clean := cleanPath(urlPath)
	if dir == "" || strings.HasSuffix(clean, "/") || strings.ContainsRune(clean, 0) {
		return route{}, nil, false
	}
	file := filepath.Join(dir, filepath.FromSlash(clean))
	info, err := os.Stat(file)
	if err != nil || info.IsDir() {
		return route{}, nil, false
	}
	resolved, ok := insideDir(dir, file)
	switch {
	case !ok || !info.Mode().IsRegular():
		return route{}, refuse(http.StatusNotFound, "script not found: "+printable(clean)), true
	case !executable(info):
		return route{}, refuse(http.StatusForbidden, "script is not executable: "+printable(clean)+"; chmod +x makes it so"), true
	}
	// SCRIPT_NAME stays empty, as with the older tool: its scripts count on it.
	return route{argv: []string{resolved}, pathInfo: clean}, nil, true
}

// serveCGI runs a script for one request (RFC 3875). Its life ends with the
// request's: a client that leaves takes the whole session along.
func (s *Server) serveCGI(w http.ResponseWriter, r *http.Request, to route, from peer, id string, log *slog.Logger) {
	if !s.begin() {
		s.answer(w, goingAway)
		return
	}
	defer s.running.Done()
	refusal := s.own.origins.Check(r)
	body, length := io.Reader(r.Body), r.ContentLength
	if refusal == nil && length < 0 {
		body, length, refusal = s.wholeBody(r)
	}
	if refusal != nil {
		logAt(log, LevelAccess, "http", "CGI: "+refusal.Reason)
		s.answer(w, refusal)
		return
	}
	if refusal := s.claimSlot(r.Context(), to.program, log); refusal != nil {
		logAt(log, LevelError, "http", "Fork not allowed since maxforks amount has been reached. CGI was not run.")
		s.answer(w, refusal)
		return
	}
	env := to.program.env.of(r, to, from, id, cgiVariables(r, to, length)...)
	program, refusal := s.startCGI(to, withPath(env), r, log)
	if refusal != nil {
		s.release(to.program)
		s.answer(w, refusal)
		return
	}
	logAt(log, LevelAccess, "http", "CGI")
	client := newCGIEndpoint(s.ctx, w, r, body)
	t := PipeEndpoints(program, client)
	client.linger()
	if client.failed != nil {
		logAt(log, LevelError, "http", "CGI: "+client.failed.Error(), "ending", t.Cause.Error())
	}
}

// startCGI starts the script in its own directory.
func (s *Server) startCGI(to route, env []string, r *http.Request, log *slog.Logger) (*ProcessEndpoint, *gate.Refusal) {
	if refusal := fits(env); refusal != nil {
		return nil, refusal
	}
	dir := filepath.Dir(to.argv[0])
	proc, err := s.launcher.Start(process.Spec{Path: to.argv[0], Args: to.argv, Env: env, Dir: dir})
	if err != nil {
		return nil, launchFailed(log, err, to.argv[0], dir, r.RequestURI)
	}
	bytes := to.program.Program
	bytes.Framing, bytes.Newlines, bytes.Binary, bytes.Stderr = "", "", true, StderrLog
	return newProcessEndpoint(proc, &bytes, log.With("pid", proc.Pid), place{s, to.program}), nil
}

// wholeBody reads a body whose length the client did not tell. A script must be
// told (RFC 3875 section 4.1.2), so it is held, up to the size of a message.
func (s *Server) wholeBody(r *http.Request) (io.Reader, int64, *gate.Refusal) {
	limit := s.own.MaxFrameSize
	if limit < 0 {
		limit = 64 * DefaultMaxFrameSize
	}
	held, err := io.ReadAll(io.LimitReader(r.Body, limit+1))
	switch {
	case err != nil:
		return nil, 0, refuse(http.StatusBadRequest, "the request's body broke off")
	case int64(len(held)) > limit:
		return nil, 0, refuse(http.StatusRequestEntityTooLarge,
			"a body without Content-Length may have "+strconv.FormatInt(limit, 10)+" bytes (see --maxframesize)")
	}
	return strings.NewReader(string(held)), int64(len(held)), nil
}

// cgiVariables are what a request with a body has besides the others.
func cgiVariables(r *http.Request, to route, length int64) []variable {
	vars := []variable{{"SCRIPT_FILENAME", to.argv[0]}}
	if length > 0 {
		vars = append(vars, variable{"CONTENT_LENGTH", strconv.FormatInt(length, 10)})
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
