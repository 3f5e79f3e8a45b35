package cli

import (
	"context"
	"log/slog"
	"time"

	"websocketd/internal/systemd"
)

// notifier tells the service manager the state of the server. The zero value has none to tell.
type notifier struct {
	service *systemd.Service
	log     *slog.Logger
}

// statusServing is what the manager shows of a server that serves.
const statusServing = "Serving"

func (n notifier) ready()     { n.check(n.service.Ready(statusServing)) }
func (n notifier) reloading() { n.check(n.service.Reloading()) }

// stopping tells that the server ends within limit.
func (n notifier) stopping(limit time.Duration) {
	n.check(n.service.Stopping(limit, "Stopping"))
}

// check logs that the manager could not be told.
func (n notifier) check(err error) {
	if err != nil {
		n.log.Error(err.Error())
	}
}

// beat shows the manager that the server lives, until the returned function is called. alive
// returns if it does.
func (n notifier) beat(alive func()) (end func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		n.service.Beat(ctx, alive)
	}()
	return func() {
		cancel()
		patience := time.NewTimer(beatPatience)
		defer patience.Stop()
		select {
		case <-done:
		case <-patience.C:
		}
	}
}

// beatPatience limits how long the end of the command waits for a look whether it lives.
const beatPatience = 100 * time.Millisecond
