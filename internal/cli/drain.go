package cli

import (
	"context"
	"fmt"
	"time"
)

// goOn returns what the log says of clients at the signal to stop.
func (s *service) goOn() string {
	if s.patience == 0 {
		return ""
	}
	return "; clients may go on for " + brief(s.patience)
}

// waits returns how long clients may go on before the end that has begun.
func (s *service) waits() time.Duration {
	if !s.drains {
		return 0
	}
	return s.patience
}

// waitForClients lets clients go on, and returns when all have left, their time is over, or ctx is
// done.
func (s *service) waitForClients(ctx context.Context) {
	if s.waits() == 0 {
		return
	}
	limit, cancel := context.WithTimeout(ctx, s.patience)
	defer cancel()
	switch err := s.server.Drain(limit); {
	case err == nil:
		s.log.Info("Stopping                    : the last client has left")
	case ctx.Err() == nil:
		s.log.Info(fmt.Sprintf("Stopping                    : %s are over, and who is still connected is told to go", brief(s.patience)))
	}
}
