package libwebsocketd

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/logging"
	"websocketd/libwebsocketd/process"
)

// newPool returns the pool that starts Prefork processes of a program ahead; nil if there
// are to be none.
func (s *programs) newPool(p *program) *process.Pool {
	if p.Prefork == 0 || p.noAccount != nil {
		return nil
	}
	return s.launcher.NewPool(process.PoolOptions{
		Spec:    p.spec(p.Command, p.env.ahead()),
		Size:    p.Prefork,
		Acquire: func() bool { return s.tryAcquire(p) == nil },
		Release: func() { s.release(p) },
		OnError: func(err error) { s.logPool(p, err) },
		Ladder:  process.DefaultLadder(p.CloseDelay),
	})
}

// logPool logs that a process could not be started ahead or has ended unused. It logs
// the standard error of the latter too, which usually has the reason.
func (s *programs) logPool(p *program, err error) {
	log := p.log(s.log)
	var unused *process.UnusedError
	if errors.As(err, &unused) {
		log = log.With("pid", unused.Pid)
		for line := range bytes.Lines(unused.Stderr) {
			logging.At(log, logging.LevelError, "stderr", string(bytes.TrimRight(line, "\r\n")))
		}
	} else if why := CheckExecutable(p.Command[0], p.WorkDir); why != nil {
		err = fmt.Errorf("%w: %s: %w", err, p.Command[0], why)
	}
	logging.At(log, logging.LevelError, "process", err.Error())
}

// ahead returns the environment of a process that is started before its client comes.
func (e *environment) ahead() []string {
	return e.override([]variable{{"GATEWAY_INTERFACE", "CGI/1.1"}, {"PREFORKED", "1"}})
}

// requestLine returns what Config.PreforkRequest promises a program as the first line of
// its input: the whole environment of a child that is started for the request, as one
// JSON object. JSON is UTF-8, so bytes that are not become U+FFFD.
func requestLine(env []string) []bridge.Message {
	vars := make(map[string]string, len(env))
	for _, entry := range env {
		name, value, _ := strings.Cut(entry, "=")
		vars[name] = value
	}
	var line bytes.Buffer
	encoder := json.NewEncoder(&line)
	encoder.SetEscapeHTML(false)
	encoder.Encode(vars) // strings cannot fail; Encode adds a newline
	return []bridge.Message{{Kind: bridge.Preface, Data: line.Bytes()}}
}
