package process

import "sync/atomic"

// forks counts the starts of processes that have begun, and those that are over. From fork to exec a child
// has copies of all our descriptors: the end of a pipe that is closed meanwhile comes only after that,
// which can take long where others have the processors. A Launcher makes one start at a time; where there
// are several, a later start may be taken for an earlier one that is over.
var forks struct{ begun, over atomic.Int64 }

// BeginFork counts the start of a process until end is called. Whoever starts one without a Launcher calls
// it: until exec its child holds the inputs of all processes open, and one whose input is closed meanwhile
// is not signalled before it can know that.
func BeginFork() (end func()) {
	forks.begun.Add(1)
	return func() { forks.over.Add(1) }
}

// lastFork returns the number of the last start that has begun.
func lastFork() int64 { return forks.begun.Load() }

// isForking reports whether a start is not over that had begun by the time of lastFork.
func isForking(last int64) bool { return forks.over.Load() < last }
