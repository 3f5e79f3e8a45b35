package shared

import (
	"errors"
	"time"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/internal/backoff"
)

// RestartPolicy says after which endings of a process another one is started.
type RestartPolicy string

// After which endings another process is started.
const (
	RestartNever     RestartPolicy = "never"      // none (default)
	RestartOnFailure RestartPolicy = "on-failure" // an exit status other than 0, or a signal
	RestartAlways    RestartPolicy = "always"     // all
)

// Follows reports whether another process follows one that has ended, with success or
// without.
func (r RestartPolicy) Follows(success bool) bool {
	return r == RestartAlways || r == RestartOnFailure && !success
}

// goodRun is how long a process must run for the pauses between restarts to begin again
// with the shortest.
const goodRun = 10 * time.Second

// next returns the process that follows one that began and has ended, or nil if none
// does. again reports whether it was ended in order to be restarted.
func (h *Hub) next(pause *backoff.Pause, ending error, began time.Time, again bool) libwebsocketd.Endpoint {
	var wait time.Duration
	if !again {
		if !h.Life.Restart.Follows(succeeded(ending)) {
			return nil
		}
		wait = pause.Fail(began, time.Now())
	}
	retry := backoff.Pause{First: time.Second} // between attempts while the changed file is still open for writing
	for h.rest(wait) {
		program, refusal := h.Start()
		if refusal == nil {
			h.noteRestart(ending)
			return program
		}
		switch now := time.Now(); {
		case h.Life.Restart.Follows(false):
			wait = pause.Fail(now, now)
		case again:
			wait = retry.Fail(now, now)
		default:
			return nil
		}
	}
	return nil
}

// succeeded reports whether ending is that of a process which exited with status 0.
func succeeded(ending error) bool {
	var ended *libwebsocketd.EndedError
	return errors.As(ending, &ended) && ended.Success()
}

// rest waits before another process is started, but only until the program's file
// changes. It returns false if the process is not wanted any more.
func (h *Hub) rest(wait time.Duration) bool {
	after, idle := time.NewTimer(wait), time.NewTimer(0)
	defer after.Stop()
	defer idle.Stop()
	for !h.leave() {
		select {
		case <-after.C:
			return h.Context.Err() == nil && !h.leave()
		case <-h.changed:
			return true
		case <-h.Context.Done():
			return false
		case <-h.stirred:
			h.arm(idle)
		case <-idle.C:
			h.arm(idle)
		}
	}
	return false
}

// noteRestart adds a note to the record: the output that follows is another process's.
func (h *Hub) noteRestart(ending error) {
	how := ending.Error()
	h.say(libwebsocketd.LevelAccess, "RESTARTED", "ending", how)
	_, last := h.output.Kept()
	h.mu.Lock()
	h.restarts, h.before = h.restarts+1, last
	begins := item{note: &libwebsocketd.Note{Restarted: how}, restart: h.restarts}
	h.mu.Unlock()
	h.first.restart(last + 1)
	h.append(begins, 0, overhead) // no error: the record is not closed yet
}
