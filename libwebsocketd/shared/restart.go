package shared

import (
	"errors"
	"time"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/internal/backoff"
)

// RestartPolicy says which endings of a process another one follows.
type RestartPolicy string

// Which endings another process follows.
const (
	RestartNever     RestartPolicy = "never"      // none (default)
	RestartOnFailure RestartPolicy = "on-failure" // those with a status other than 0, or by a signal
	RestartAlways    RestartPolicy = "always"     // all
)

// Follows reports whether another process follows one that has ended.
func (r RestartPolicy) Follows(success bool) bool {
	return r == RestartAlways || r == RestartOnFailure && !success
}

// goodRun is how long a process has run whose ending does not count against the next.
const goodRun = 10 * time.Second

// next is the process that follows one that has begun then and has ended, or nil. again
// says that it was ended for that.
func (h *hub) next(pause *backoff.Pause, ending error, began time.Time, again bool) libwebsocketd.Endpoint {
	var wait time.Duration
	if !again {
		if !h.life.Restart.Follows(succeeded(ending)) {
			return nil
		}
		wait = pause.Fail(began, time.Now())
	}
	retry := backoff.Pause{First: time.Second} // for a file that has changed and is still open
	for h.rest(wait) {
		program, refusal := h.start()
		if refusal == nil {
			h.tellRestart(ending)
			return program
		}
		switch now := time.Now(); {
		case h.life.Restart.Follows(false):
			wait = pause.Fail(now, now)
		case again:
			wait = retry.Fail(now, now)
		default:
			return nil
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
	h.flow.Append(begins, 0, overhead) // it is not closed yet
}
