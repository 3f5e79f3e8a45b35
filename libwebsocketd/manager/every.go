package manager

import (
	"time"

	"websocketd/libwebsocketd"
)

// repeat starts the program again after each Every, until the service is another's, or the server
// goes away. An instance that still runs goes on, and one that was stopped by hand stays so.
func (s *service) repeat() {
	if !s.runtime.AwaitBegun() { // until then another server may say when it is due
		return
	}
	timer := time.NewTimer(s.untilDue())
	defer timer.Stop()
	told := map[*instance]*life{} // those of which it was said that they still run
	for {
		select {
		case <-timer.C:
		case <-s.retired:
			return
		case <-s.runtime.Context().Done():
			return
		}
		for _, i := range s.list() {
			switch runs, paused := i.present(); {
			case runs == nil && !paused:
				i.begin()
			case runs != nil && told[i] != runs:
				told[i] = runs
				s.say(libwebsocketd.LevelInfo, "the program still runs, and is not started again: see every", "instance", i.info().Name)
			}
		}
		timer.Reset(s.nextDue()) // last: another server that goes on meanwhile starts what this one did not
	}
}

// untilDue returns how long it is until the program is to be started again: Every, unless the service or
// the server before would have started it earlier. What is long past is not made up for.
func (s *service) untilDue() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	left := s.due.Sub(now)
	if left < -s.app.Every || left > s.app.Every {
		left = s.app.Every
	}
	s.due = now.Add(left) // also that it does not depend on the time of day any more
	return left
}

// nextDue notes that the program was started when it was due, and returns what untilDue does.
func (s *service) nextDue() time.Duration {
	s.mu.Lock()
	if now := time.Now(); !s.due.After(now) { // else the service that follows was first
		if s.due = s.due.Add(s.app.Every); s.due.Before(now) {
			s.due = time.Time{} // this machine stood still
		}
	}
	s.mu.Unlock()
	return s.untilDue()
}

// present returns the life of the instance, nil if it has none now, and whether it was stopped by
// hand.
func (i *instance) present() (runs *life, paused bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.isUpLocked() {
		return i.life, i.paused
	}
	return nil, i.paused
}
