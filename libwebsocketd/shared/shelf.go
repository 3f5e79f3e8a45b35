package shared

import (
	"container/list"
	"math"
	"sync"

	"websocketd/libwebsocketd"
)

// hubCost is what a hub costs besides what its process has said: itself, its two
// goroutines, its place in the supervisor.
const hubCost = 16 << 10

// shelf is what processes of a program have said that have ended. They hold no place
// of MaxForks any more, and which URLs there are is the clients' choice: so all of it
// together is bounded. What is over the limit goes the oldest first, whoever still
// reads it.
type shelf struct {
	limit int

	mu    sync.Mutex
	kept  list.List // of *ended, the oldest first
	bytes int
}

// ended is what the process of a hub has said.
type ended struct {
	hub     *hub
	bytes   int
	dropped chan struct{}
}

// newShelf has room for what that many processes may say. Without a limit of
// processes it is that of the default.
func newShelf(processes, history int) *shelf {
	if processes <= 0 {
		processes = libwebsocketd.DefaultMaxForks
	}
	if each := history + hubCost; processes <= math.MaxInt/each {
		return &shelf{limit: processes * each}
	}
	return &shelf{limit: math.MaxInt}
}

// put counts what h keeps, now that its process has ended. The channel is closed when
// that had to be dropped.
func (s *shelf) put(h *hub) (dropped <-chan struct{}) {
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

// take counts it no longer: another process goes on, or nobody has it any more.
func (s *shelf) take(h *hub) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if h.shelved != nil {
		s.remove(h.shelved)
	}
}

// remove takes an element out; s.mu is held.
func (s *shelf) remove(at *list.Element) *ended {
	e := s.kept.Remove(at).(*ended)
	e.hub.shelved = nil
	s.bytes -= e.bytes
	return e
}
