package manager

import (
	"time"

	"websocketd/libwebsocketd"
)

// repeat starts the program again after each Every, until the service is another's, or the server
// goes away. An instance that still runs goes on, and one that was stopped by hand stays so.
func (s *service) repeat() {
	ticker := time.NewTicker(s.app.Every)
	defer ticker.Stop()
	told := map[*instance]*life{} // those of which it was said that they still run
	for {
		select {
		case <-ticker.C:
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
	}
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
