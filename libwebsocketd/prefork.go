package libwebsocketd

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"

	"websocketd/libwebsocketd/gate"
	"websocketd/libwebsocketd/process"
)

// preface is the kind of what a program is told before the client's first
// message. It is written as it is, and counted as nobody's message.
const preface Kind = 0

// newPool keeps Config.Prefork processes started ahead; nil without.
func (s *Server) newPool() *process.Pool {
	if s.cfg.Prefork == 0 {
		return nil
	}
	return s.launcher.NewPool(process.PoolOptions{
		Spec:    s.spec(s.cfg.Command, s.env.ahead()),
		Size:    s.cfg.Prefork,
		Acquire: func() bool { return s.slots.Acquire() == nil },
		Release: s.slots.Release,
		OnError: s.logPool,
		Ladder:  process.DefaultLadder(s.cfg.CloseDelay),
	})
}

// logPool tells of a process that could not be started ahead or has ended
// unused, the latter with what it had to say: the reason, as a rule.
func (s *Server) logPool(err error) {
	log := s.cfg.Logger
	var unused *process.UnusedError
	if errors.As(err, &unused) {
		log = log.With("pid", unused.Pid)
		for line := range bytes.Lines(unused.Stderr) {
			logAt(log, LevelError, "stderr", string(bytes.TrimRight(line, "\r\n")))
		}
	}
	logAt(log, LevelError, "process", err.Error())
}

// claim is what a client is served with: a process that was started ahead and
// brings its slot, or a slot to start one, or a refusal.
func (s *Server) claim() (ready *process.Process, refusal *gate.Refusal) {
	if ready = s.pool.Take(); ready != nil {
		return ready, nil
	}
	if refusal = s.slots.Acquire(); refusal == nil {
		return nil, nil
	}
	// The pool may have been faster with the last slot.
	if ready = s.pool.Take(); ready != nil {
		return ready, nil
	}
	return nil, refusal
}

// claimSlot is a slot for a process the pool does not have. When all are taken,
// the pool gives up one of its own.
func (s *Server) claimSlot(log *slog.Logger) *gate.Refusal {
	refusal := s.slots.Acquire()
	if refusal == nil {
		return nil
	}
	ready := s.pool.Take()
	if ready == nil {
		return refusal
	}
	s.discard(ready, log)
	return nil
}

// discard ends a process that is not needed; its slot stays the caller's. The
// ladder is without CloseDelay, because somebody waits for an answer.
func (s *Server) discard(ready *process.Process, log *slog.Logger) {
	if err := ready.End(process.DefaultLadder(0)); err != nil {
		logAt(log, LevelError, "process", err.Error(), "pid", ready.Pid)
	}
}

// giveUp frees what was claimed for a client that is not served after all.
func (s *Server) giveUp(ready *process.Process, log *slog.Logger) {
	if ready != nil {
		s.discard(ready, log)
	}
	s.release()
}

// release gives a slot back, to the pool first of all.
func (s *Server) release() {
	s.slots.Release()
	s.pool.Wake()
}

// ahead is the environment of a process that is started before anybody asks.
func (e *environment) ahead() []string {
	return e.override([]variable{{"GATEWAY_INTERFACE", "CGI/1.1"}, {"PREFORKED", "1"}})
}

// requestLine is what Config.PreforkRequest promises every program as the first
// line of its input: the whole environment of a child that is started for the
// request, as one JSON object. JSON is UTF-8, so bytes that are not become U+FFFD.
func requestLine(env []string) []Message {
	vars := make(map[string]string, len(env))
	for _, entry := range env {
		name, value, _ := strings.Cut(entry, "=")
		vars[name] = value
	}
	var line bytes.Buffer
	encoder := json.NewEncoder(&line)
	encoder.SetEscapeHTML(false)
	encoder.Encode(vars) // strings cannot fail; a newline comes behind
	return []Message{{Kind: preface, Data: line.Bytes()}}
}
