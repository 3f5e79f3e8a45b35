package mcp

import (
	"net/http"
	"sync/atomic"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/gate"
)

// health is what is known of the processes of a program: why the last one does not work, if it
// has not answered anything before it ended, or could not be started.
type health struct{ failure atomic.Pointer[string] }

// works notes that a process has answered something for the first time.
func (h *health) works() { h.failure.Store(nil) }

// failed notes why a process does not work.
func (h *health) failed(why string) { h.failure.Store(&why) }

// refused notes that a process could not be started. Where there is no room for one now, that
// says nothing about it.
func (h *health) refused(refusal *gate.Refusal) {
	if refusal.Status != http.StatusTooManyRequests && refusal.Status != http.StatusServiceUnavailable {
		h.failed(refusal.Reason)
	}
}

// Condition tells an operator whether the program works, as far as its clients have found out.
// It fails if a process is to be there before anyone asks, and is not.
func (s *supervisor) Condition() libwebsocketd.Condition {
	running, awaited := 0, 0
	for _, of := range []libwebsocketd.Supervisor{s.modern, s.greeted} {
		if of, ok := of.(interface{ Count() (running, awaited int) }); ok {
			r, a := of.Count()
			running, awaited = running+r, awaited+a
		}
	}
	told := libwebsocketd.Condition{State: "idle", Fails: s.life.Eager && running == 0}
	switch why := s.health.failure.Load(); {
	case why != nil:
		told.State = "failed: " + *why
	case awaited > 0:
		told.State = "restarting"
	case s.runtime.Processes() > 0:
		told.State = "running"
	case told.Fails:
		told.State = "ended"
	}
	return told
}

var _ libwebsocketd.Teller = (*supervisor)(nil)
