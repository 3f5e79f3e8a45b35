package manager

import (
	"errors"
	"fmt"
	"time"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/internal/backoff"
	"websocketd/libwebsocketd/shared"
)

var _ shared.Keeper = (*instance)(nil)

// Next implements shared.Keeper: the rule by which a program is restarted.
func (i *instance) Next(end shared.End) (wait time.Duration, again bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	r := i.run
	asked := end.Asked || i.asked
	i.run, i.health, i.asked = nil, HealthUnknown, false
	if end.Refusal == nil {
		i.exit = exitOf(end.Ending)
	}
	switch {
	case i.life.ctx.Err() != nil:
		i.run = r // rest tells that it has stopped
		return 0, false
	case asked && end.Refusal == nil:
		i.restarts++
		i.set(Starting)
		return 0, true
	}
	i.tellEnding(r, &end)
	return i.follow(r, end.Refusal == nil)
}

// tellEnding tells how a process has ended that nobody has asked to end; i.mu is held.
func (i *instance) tellEnding(r *run, end *shared.End) {
	if r == nil || !r.told {
		i.tally.failed++
	}
	switch {
	case end.Refusal != nil:
		i.why = end.Refusal.Reason
		i.tell(Lifecycle{Name: EventCrashed, Details: "could not be started: " + i.why})
	case r != nil && r.ended != "": // we have ended it, and told why
		i.why = r.ended
	case i.exit != nil && *i.exit == 0:
		i.why = ""
		i.tell(Lifecycle{Name: EventStopped, Pid: r.pid, Exit: i.exit, Details: end.Ending.Error()})
	default:
		i.why = end.Ending.Error()
		i.tell(Lifecycle{Name: EventCrashed, Pid: r.pid, Exit: i.exit, Details: i.why})
	}
}

// follow applies the rule after a process has ended, or after none could be started; i.mu is held.
// That no process follows shows in the status only when the life is over: what is stopped can be
// started.
func (i *instance) follow(r *run, ran bool) (wait time.Duration, again bool) {
	app := &i.service.app
	if r != nil && time.Since(r.began) >= app.MinUptime {
		i.row = 0
	}
	switch {
	case app.NoRestart:
		i.completed = ran && i.exit != nil && *i.exit == 0 && r.ended == ""
		i.life.final = Stopped
		return 0, false
	case app.MaxRestarts >= 0 && i.row >= app.MaxRestarts:
		i.why = fmt.Sprintf("it has ended %d times in a row, each time before %s were over; the last time: %s", i.row+1, app.MinUptime, i.reason())
		i.life.final = Errored
		i.service.say(libwebsocketd.LevelError, "ERRORED", "instance", i.name, "why", i.why)
		return 0, false
	}
	i.row++
	i.restarts++
	i.set(Restarting)
	i.manager.stir() // also where it was restarting already
	return backoff.Nth(app.RestartDelay, i.row), true
}

// reason returns how the last process has ended, for people; i.mu is held.
func (i *instance) reason() string {
	if i.why == "" {
		return "exit status 0"
	}
	return i.why
}

// exitOf returns the exit status of an ending, -1 of one by a signal; nil if it is not known.
func exitOf(ending error) *int {
	var ended *libwebsocketd.EndedError
	if !errors.As(ending, &ended) {
		return nil
	}
	code := ended.Ending.Code
	return &code
}
