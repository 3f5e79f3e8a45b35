package record

import (
	"sync"
	"sync/atomic"
)

// slowest holds a log for the slowest of several readers. Only the slowest one pays
// for finding out which reader is the slowest next.
type slowest struct {
	had   []atomic.Uint64 // the last message each reader has had
	floor atomic.Uint64
	mu    sync.Mutex
	hold  func(n uint64)
}

func (s *slowest) moved(reader int, messages uint64) {
	if now := s.had[reader].Add(messages); now-messages > s.floor.Load() {
		return // another one is slower, or will look again below
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for least := s.least(); least > s.floor.Load(); least = s.least() {
		s.floor.Store(least)
		s.hold(least)
	}
}

func (s *slowest) least() uint64 {
	least := s.had[0].Load()
	for i := range s.had {
		least = min(least, s.had[i].Load())
	}
	return least
}
