package hub

import (
	"errors"
	"sync/atomic"

	"websocketd/libwebsocketd/bridge"
)

// slowClients counts the clients that were let go because they were too slow.
type slowClients struct{ n atomic.Int64 }

// SlowClients returns how many clients were closed with 1013 so far, or cut because they took
// nothing of what was written to them.
func (s *slowClients) SlowClients() int64 { return s.n.Load() }

// count counts a client if that is why its conversation has ended.
func (s *slowClients) count(why error) {
	if told := new(bridge.CloseWith); errors.As(why, &told) && told.Code == bridge.CloseTryAgainLater {
		s.n.Add(1)
	}
}
