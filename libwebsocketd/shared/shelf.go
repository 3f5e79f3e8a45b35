package shared

import (
	"container/list"
	"math"
	"sync"

	"websocketd/libwebsocketd"
)

// hubCost is what a hub costs in bytes, without the output of its process: itself, its
// two goroutines, its place in the supervisor.
const hubCost = 16 << 10

// Shelf counts the output of a program's processes that have ended. They no longer hold
// a slot of MaxForks, and clients choose which URLs there are, so the sum is bounded.
// Over the limit the oldest output is dropped first, even if a viewer still reads it.
type Shelf struct {
	limit int // in bytes

	mu    sync.Mutex
	kept  list.List // of *ended, the oldest first
	bytes int       // sum over kept
}

// ended is the output of a hub whose process has ended.
type ended struct {
	hub     *Hub
	bytes   int
	dropped chan struct{} // closed when the output was dropped
}

// NewShelf returns a shelf with room for the output of that many processes, each with
// that much history. If processes is not limited, the room is for DefaultMaxForks.
func NewShelf(processes, history int) *Shelf {
	if processes <= 0 {
		processes = libwebsocketd.DefaultMaxForks
	}
	if each := history + hubCost; processes <= math.MaxInt/each {
		return &Shelf{limit: processes * each}
	}
	return &Shelf{limit: math.MaxInt}
}

// put counts what h keeps after its process has ended. dropped is closed when that had
// to be dropped.
func (s *Shelf) put(h *Hub) (dropped <-chan struct{}) {
	e := &ended{hub: h, bytes: h.output.Bytes() + h.first.size() + hubCost, dropped: make(chan struct{})}
	s.mu.Lock()
	defer s.mu.Unlock()
	h.shelved = s.kept.PushBack(e)
	s.bytes += e.bytes
	for s.bytes > s.limit && s.kept.Len() > 1 {
		oldest := s.remove(s.kept.Front())
		oldest.hub.drop()
		close(oldest.dropped)
	}
	return e.dropped
}

// take stops counting what h keeps: another process goes on, or no client can read it
// any more.
func (s *Shelf) take(h *Hub) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if h.shelved != nil {
		s.remove(h.shelved)
	}
}

// remove removes an element of kept; s.mu is held.
func (s *Shelf) remove(at *list.Element) *ended {
	e := s.kept.Remove(at).(*ended)
	e.hub.shelved = nil
	s.bytes -= e.bytes
	return e
}
