package shared

import (
	"errors"
	"time"

	"websocketd/libwebsocketd"
)

// RestartPolicy says which endings of a process another one follows.
type RestartPolicy string

// Which endings another process follows.
const (
	RestartNever     RestartPolicy = "never"      // none (default)
	RestartOnFailure RestartPolicy = "on-failure" // those with a status other than 0, or by a signal
	RestartAlways    RestartPolicy = "always"     // all
)

// Restart is the rule by which a process that has ended is started again,
// after a wait that grows with every bad run.
type Restart struct {
	Policy RestartPolicy

	First time.Duration // the wait after a bad run
	Most  time.Duration // which doubles up to this
	Good  time.Duration // a run of this length is a good one, and the next wait is First again

	wait time.Duration
}

// DefaultRestart is the rule of lifetime shared: 100 ms, doubled up to 30 s, and
// forgotten after a run of 10 s.
func DefaultRestart(policy RestartPolicy) Restart {
	return Restart{Policy: policy, First: 100 * time.Millisecond, Most: 30 * time.Second, Good: 10 * time.Second}
}

// Again is whether a process that ran that long is started again, and after which
// wait. One goroutine at a time may ask.
func (r *Restart) Again(success bool, ran time.Duration) (wait time.Duration, again bool) {
	if r.Policy != RestartAlways && (r.Policy != RestartOnFailure || success) {
		return 0, false
	}
	if ran >= r.Good {
		r.wait = 0
	}
	wait = max(r.wait, r.First)
	r.wait = min(2*wait, r.Most)
	return wait, true
}

// next is the process that follows one that has ended, or nil. again says that the
// one before was ended for it.
func (h *hub) next(rule *Restart, ending error, ran time.Duration, again bool) libwebsocketd.Endpoint {
	wait, follows := time.Duration(0), true
	retry := DefaultRestart(RestartAlways) // for a file that has changed and is still open
	retry.First = time.Second
	if !again {
		wait, follows = rule.Again(succeeded(ending), ran)
	}
	for follows && h.rest(wait) {
		program, refusal := h.start()
		if refusal == nil {
			h.tellRestart(ending)
			return program
		}
		if wait, follows = rule.Again(false, 0); !follows && again {
			wait, follows = retry.Again(false, 0)
		}
	}
	return nil
}

func succeeded(ending error) bool {
	var ended *libwebsocketd.EndedError
	return errors.As(ending, &ended) && ended.Success()
}

// rest waits before another process is started, or until its file changes. It is
// false if there is nobody to start it for.
func (h *hub) rest(wait time.Duration) bool {
	after, idle := time.NewTimer(wait), time.NewTimer(0)
	defer after.Stop()
	defer idle.Stop()
	for !h.leave() {
		select {
		case <-after.C:
			return h.ctx.Err() == nil && !h.leave()
		case <-h.changed:
			return true
		case <-h.ctx.Done():
			return false
		case <-h.stirred:
			h.arm(idle)
		case <-idle.C:
			h.arm(idle)
		}
	}
	return false
}

// tellRestart tells the viewers that another process says what comes now.
func (h *hub) tellRestart(ending error) {
	how := ending.Error()
	h.say(libwebsocketd.LevelAccess, "RESTARTED", "ending", how)
	_, last := h.output.Kept()
	h.mu.Lock()
	h.restarts, h.before = h.restarts+1, last
	begins := item{note: &libwebsocketd.Note{Restarted: how}, nth: h.restarts}
	h.mu.Unlock()
	h.first.restart(last + 1)
	h.pace.append(begins, 0, overhead) // it is not closed yet
}
