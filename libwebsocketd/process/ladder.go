package process

import (
	"syscall"
	"time"
)

// Action is one rung of a ladder.
type Action int

// The rungs, from the politest to the last.
const (
	CloseStdin Action = iota
	Interrupt
	Terminate
	Kill
	giveUp // killWait after Kill
	numActions
)

// killWait limits how long a process may take to die of SIGKILL before Stop returns
// an error. Only the kernel, or the rights of another user, can hold it that long.
const killWait = time.Second

var actionNames = [...]string{"stdin was closed", "SIGINT", "SIGTERM", "SIGKILL"}

var actionSignals = [...]syscall.Signal{0, syscall.SIGINT, syscall.SIGTERM, syscall.SIGKILL}

// String returns the words for the action in the log.
func (a Action) String() string { return actionNames[a] }

// Step is an action and how long to wait for the process to exit before the
// next one.
type Step struct {
	Do   Action
	Wait time.Duration
}

// Ladder lists the steps by which a process is asked to end.
type Ladder []Step

// DefaultLadder returns the ladder that closes stdin, then sends SIGINT, SIGTERM and
// SIGKILL after 100, 250 and 500 ms. Each wait is longer by extra (--closems).
func DefaultLadder(extra time.Duration) Ladder {
	return Ladder{
		{CloseStdin, 100*time.Millisecond + extra},
		{Interrupt, 250*time.Millisecond + extra},
		{Terminate, 500*time.Millisecond + extra},
		{Kill, 0},
	}
}

// KillNow is the ladder with SIGKILL as its only rung.
var KillNow = Ladder{{Kill, 0}}

// schedule holds when each action is due; zero means never. Two ladders for one
// process are merged by taking the earlier time of each action: a later, stronger
// request shortens the first one and never restarts it.
type schedule [numActions]time.Time

func (s *schedule) merge(l Ladder, now time.Time) {
	at := now
	for _, step := range l {
		s.advance(step.Do, at)
		if step.Do == Kill {
			s.advance(giveUp, at.Add(killWait))
		}
		at = at.Add(step.Wait)
	}
}

func (s *schedule) advance(a Action, at time.Time) {
	if due := s[a]; due.IsZero() || at.Before(due) {
		s[a] = at
	}
}

// next returns the action that is due first among those not done yet.
func (s *schedule) next(done *[numActions]bool) (a Action, at time.Time, ok bool) {
	for i, due := range s {
		if !done[i] && !due.IsZero() && (!ok || due.Before(at)) {
			a, at, ok = Action(i), due, true
		}
	}
	return a, at, ok
}

// delay moves everything that is not done yet by a duration.
func (s *schedule) delay(done *[numActions]bool, by time.Duration) {
	for i, due := range s {
		if !done[i] && !due.IsZero() {
			s[i] = due.Add(by)
		}
	}
}
