package shared

import (
	"errors"
	"time"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/gate"
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

// Keeper decides what follows a process of a Hub. Its methods are called by one goroutine.
type Keeper interface {
	// Next is called when a process has ended, or could not be started. It returns how long to
	// wait before the next one is started; again is false if none is. A wait is over early when
	// the Hub is asked to restart.
	Next(End) (wait time.Duration, again bool)
}

// End is how a process of a Hub has ended.
type End struct {
	Ending  error
	Began   time.Time
	Asked   bool          // it was ended to be restarted
	Refusal *gate.Refusal // why it could not be started; Ending is that of the one before, if any
}

// policy is the Keeper of lifetimes whose processes are restarted by a RestartPolicy.
type policy struct {
	restart RestartPolicy
	pause   backoff.Pause
	retry   backoff.Pause // between attempts while the changed file is still open for writing
	asked   bool          // the last process was ended to be restarted
}

func newPolicy(r RestartPolicy) *policy {
	return &policy{restart: r, pause: backoff.Pause{Good: goodRun}, retry: backoff.Pause{First: time.Second}}
}

// Next implements Keeper.
func (p *policy) Next(end End) (wait time.Duration, again bool) {
	now := time.Now()
	switch refused := end.Refusal != nil; {
	case !refused && end.Asked:
		p.asked = true
		p.retry.Reset()
		return 0, true
	case refused && !p.restart.Follows(false) && p.asked:
		return p.retry.Fail(now, now), true
	case refused:
		return p.pause.Fail(now, now), p.restart.Follows(false)
	case !p.restart.Follows(succeeded(end.Ending)):
		return 0, false
	}
	p.asked = false
	return p.pause.Fail(end.Began, now), true
}

// next returns the process that follows one that has ended, or nil if none does.
func (h *Hub) next(end End) libwebsocketd.Endpoint {
	for {
		if s := h.place(end.Ending); s != nil {
			return s
		}
		wait, again := h.keeper.Next(end)
		if !again {
			return nil
		}
		if end.Refusal == nil {
			h.noteEnding(end.Ending)
		}
		if !h.rest(wait, end.Ending) {
			return nil
		}
		if h.isFollowed() {
			continue
		}
		program, refusal := h.Start()
		if refusal == nil {
			h.noteRestart(end.Ending)
			return program
		}
		end.Refusal = refusal
	}
}

// Restart ends the process and starts another one, whatever the Keeper says; where it waits
// before the next one, the wait is over.
func (h *Hub) Restart() {
	select {
	case h.changed <- struct{}{}:
	default:
	}
}

// Forget takes back what Restart has asked for, and is not done yet: a process that was started
// meanwhile is not restarted.
func (h *Hub) Forget() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.follows == nil {
		h.settle()
	}
}

// settle forgets that a restart was asked for, and reports whether it was: what follows is one.
func (h *Hub) settle() bool {
	select {
	case <-h.changed:
		return true
	default:
		return false
	}
}

// succeeded reports whether ending is that of a process which exited with status 0.
func succeeded(ending error) bool {
	var ended *libwebsocketd.EndedError
	return errors.As(ending, &ended) && ended.Success()
}

// rest waits before another process is started, but only until the program's file
// changes. It returns false if the process is not wanted any more.
func (h *Hub) rest(wait time.Duration, ending error) bool {
	after, idle := time.NewTimer(wait), time.NewTimer(0)
	defer after.Stop()
	defer idle.Stop()
	for !h.leave() {
		select {
		case <-after.C:
			h.settle()
			return h.Stop.Err() == nil && !h.leave()
		case <-h.changed:
			return true
		case <-h.Stop.Done():
			return false
		case l := <-h.lifts:
			if h.departed = h.answer(l, ending, false); h.departed {
				return false
			}
		case <-h.stirred:
			h.arm(idle)
		case <-idle.C:
			h.arm(idle)
		}
	}
	return false
}

// noteEnding adds a note to the record for viewers that ask for endings: they hear of it at once,
// however long it takes until another process is started.
func (h *Hub) noteEnding(ending error) {
	ended := item{note: &libwebsocketd.Note{Ended: ending.Error()}, ended: int(h.endings.Add(1))}
	h.append(ended, 0, overhead) // no error: the record is not closed yet
}

// noteRestart adds a note to the record: the output that follows is another process's. Nothing
// is noted of the first one.
func (h *Hub) noteRestart(ending error) {
	if ending == nil {
		return
	}
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
