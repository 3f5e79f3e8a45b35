package systemd

import (
	"context"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
)

// Beat shows the manager that the service lives, twice in each interval of WatchdogSec=, until
// ctx is done. alive is called before, and should return only if the service can serve: while
// it does not, nothing is shown, and the manager restarts the service. Beat returns at once
// without a watchdog.
func (s *Service) Beat(ctx context.Context, alive func()) {
	if !s.Listens() || s.watchdog <= 0 {
		return
	}
	beat(ctx, s.watchdog/2, alive, func() { s.send(daemon.SdNotifyWatchdog) })
}

func beat(ctx context.Context, interval time.Duration, alive, show func()) {
	tick := time.NewTicker(max(interval, time.Millisecond))
	defer tick.Stop()
	for {
		alive()
		show()
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}
