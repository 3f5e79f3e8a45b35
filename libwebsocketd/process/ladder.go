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
	giveUp // killWait after it
	numActions
)

// killWait is how long a process may take to die of SIGKILL before it is given
// up and said so: only the kernel, or another user's rights, can hold it that long.
const killWait = time.Second

var actionNames = [...]string{"stdin was closed", "SIGINT", "SIGTERM", "SIGKILL"}

var actionSignals = [...]syscall.Signal{0, syscall.SIGINT, syscall.SIGTERM, syscall.SIGKILL}

// String names the action as the log does.
func (a Action) String() string { return actionNames[a] }

// Step is an action and how long to wait for the process to exit before the
// next one.
type Step struct {
	Do   Action
	Wait time.Duration
}

// Ladder is how a process is asked to end, step by step.
type Ladder []Step

// DefaultLadder closes stdin, then sends SIGINT, SIGTERM and SIGKILL after
// 100, 250 and 500 ms, each wait longer by extra (--closems).
func DefaultLadder(extra time.Duration) Ladder {
	return Ladder{
		{CloseStdin, 100*time.Millisecond + extra},
		{Interrupt, 250*time.Millisecond + extra},
		{Terminate, 500*time.Millisecond + extra},
		{Kill, 0},
	}
}

// KillNow is the ladder of one rung.
var KillNow = Ladder{{Kill, 0}}

// schedule is when each action is due; zero is never. Two ladders at work on one
// process are merged by taking the earlier time of each action: a later,
// stronger request shortens the first one and never restarts it.
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

// next is the action due first among those not done yet.
func (s *schedule) next(done *[numActions]bool) (a Action, at time.Time, ok bool) {
	for i, due := range s {
		if !done[i] && !due.IsZero() && (!ok || due.Before(at)) {
			a, at, ok = Action(i), due, true
		}
	}
	return a, at, ok
}

// delay makes everything that is not done yet due later.
func (s *schedule) delay(done *[numActions]bool, by time.Duration) {
	for i, due := range s {
		if !done[i] && !due.IsZero() {
			s[i] = due.Add(by)
		}
	}
}
