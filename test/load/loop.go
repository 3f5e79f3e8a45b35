package main

import (
	"cmp"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// A turn is a step that a worker repeats. It returns the time to record. An error
// other than errLost and errWrong ends its worker.
type turn func() (took time.Duration, err error)

var (
	errLost  = errors.New("nothing came")
	errWrong = errors.New("something else came")
)

// The phases of a closed loop.
const (
	warming = iota
	measuring
	over
)

// A closedLoop is a number of workers, each doing turn after turn.
type closedLoop struct {
	phase   atomic.Int32
	done    atomic.Int64
	running sync.WaitGroup

	mu    sync.Mutex
	times []int64 // in ns, within the window
	found sample
	err   error
}

// runLoop runs the workers, measures over the window, and returns when each has ended
// its last turn. The times are sorted.
func (b *bench) runLoop(cpu func() time.Duration, workers []turn) (*closedLoop, reading) {
	l := &closedLoop{found: sample{values: map[string]number{}}}
	for _, turn := range workers {
		l.running.Go(func() { l.work(turn) })
	}
	err := b.pass(b.window / 5)
	l.phase.Store(measuring)
	end := meter{l.done.Load, cpu}.begin()
	err = errors.Join(err, b.pass(b.window))
	r := end()
	l.phase.Store(over)
	l.running.Wait()
	slices.Sort(l.times)
	l.err = errors.Join(err, l.err)
	l.found.values[clientCores] = r.clientCores()
	return l, r
}

// work keeps its results to itself until the loop is over: workers must not wait for
// each other.
func (l *closedLoop) work(turn turn) {
	var times []int64
	var lost, bad int64
	var failure error
	for l.phase.Load() != over && failure == nil {
		took, err := turn()
		switch {
		case err == nil:
			l.done.Add(1)
			if l.phase.Load() == measuring {
				times = append(times, took.Nanoseconds())
			}
		case errors.Is(err, errLost):
			lost++
		case errors.Is(err, errWrong):
			bad++
		default:
			failure = err
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.times = append(l.times, times...)
	l.found.lost += lost
	l.found.bad += bad
	l.err = cmp.Or(l.err, failure) // the other errors will be the same
}
