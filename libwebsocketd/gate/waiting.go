package gate

import (
	"cmp"
	"container/heap"
	"slices"
)

// waiting is a heap of the shares that wait. The first is the one that holds most,
// the oldest of several; or, when time presses, the newest.
type waiting struct {
	shares  []*Share
	presses bool
}

// look counts one more look for each share, and returns the highest count. Time
// presses from mostIdle on.
func (w *waiting) look() (most int) {
	for _, s := range w.shares {
		s.waited++
		most = max(most, s.waited)
	}
	if presses := most >= mostIdle; presses != w.presses {
		w.presses = presses
		heap.Init(w)
	}
	return most
}

// furthest returns the share that would be the first if time did not press.
func (w *waiting) furthest() *Share {
	if !w.presses {
		return w.shares[0]
	}
	return slices.MaxFunc(w.shares, compareProgress)
}

// compareProgress returns a positive number if a holds more than b, or as much and is
// older.
func compareProgress(a, b *Share) int {
	return cmp.Or(cmp.Compare(a.held, b.held), cmp.Compare(b.nth, a.nth))
}

// Len implements heap.Interface.
func (w *waiting) Len() int { return len(w.shares) }

// Less implements heap.Interface.
func (w *waiting) Less(i, j int) bool {
	if w.presses {
		return w.shares[i].nth > w.shares[j].nth
	}
	return compareProgress(w.shares[i], w.shares[j]) > 0
}

// Swap implements heap.Interface.
func (w *waiting) Swap(i, j int) {
	w.shares[i], w.shares[j] = w.shares[j], w.shares[i]
	w.shares[i].place, w.shares[j].place = i, j
}

// Push implements heap.Interface.
func (w *waiting) Push(s any) {
	s.(*Share).place = len(w.shares)
	w.shares = append(w.shares, s.(*Share))
}

// Pop implements heap.Interface.
func (w *waiting) Pop() any {
	last := len(w.shares) - 1
	s := w.shares[last]
	w.shares[last] = nil
	w.shares = w.shares[:last]
	s.place = -1
	return s
}
