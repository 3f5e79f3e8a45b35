package main

import (
	"math"
	"slices"
	"sync"
	"sync/atomic"
)

// mostPhases limits the phases of a figure; none has as many.
const mostPhases = 16

// phases divide a time into parts that follow each other. A line belongs to the
// part in which it was written, whenever it arrives.
type phases struct {
	begins [mostPhases]atomic.Int64 // on the monotonic clock; 0: not yet

	now int // used only by the goroutine that calls next

	mu   sync.Mutex
	ages [mostPhases][]uint32 // ns
}

// next begins another phase, and returns its number.
func (p *phases) next() int {
	p.now++
	p.begins[p.now].Store(monotonic())
	return p.now
}

// An ageLog holds the ages of the lines of one viewer. It keeps them to itself until
// it ends: viewers must not wait for each other.
type ageLog struct {
	of   *phases
	at   int
	ages [mostPhases][]uint32
}

// add stores the age of a line that was written at ns.
func (l *ageLog) add(ns, now int64) {
	for l.at+1 < mostPhases {
		next := l.of.begins[l.at+1].Load()
		if next == 0 || ns < next {
			break
		}
		l.at++
	}
	l.ages[l.at] = append(l.ages[l.at], uint32(min(max(now-ns, 0), math.MaxUint32)))
}

// end adds all ages to those of the phases.
func (l *ageLog) end() {
	l.of.mu.Lock()
	defer l.of.mu.Unlock()
	for i := range l.ages {
		l.of.ages[i] = append(l.of.ages[i], l.ages[i]...)
	}
}

// sorted returns the ages of some phases, when every log has ended.
func (p *phases) sorted(some ...int) (ages []int64) {
	for _, phase := range some {
		for _, age := range p.ages[phase] {
			ages = append(ages, int64(age))
		}
	}
	slices.Sort(ages)
	return ages
}
