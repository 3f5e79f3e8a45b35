package manager

import (
	"fmt"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/shared"
)

// Lifetime is lifetime supervised: the processes of a program are started with the server, and
// kept alive.
type Lifetime struct {
	App
	Manager *Manager // of the Server; nil: the program has one of its own
}

// Name returns what the console calls it.
func (l Lifetime) Name() string { return "supervised" }

// Check returns an error if the settings are wrong, or do not go with the rest of p's.
func (l Lifetime) Check(p *libwebsocketd.Program) error {
	if len(p.Command) == 0 {
		return fmt.Errorf("lifetime supervised needs a Command: it is not known ahead which script will be asked for")
	}
	if err := l.App.check(); err != nil {
		return fmt.Errorf("lifetime supervised: %w", err)
	}
	life := l.hub()
	if err := life.CheckHub("supervised", "Linger", p); err != nil {
		return err
	}
	return life.Check(p)
}

// hub returns the settings of an instance's hub.
func (l *Lifetime) hub() shared.Lifetime {
	return shared.Lifetime{
		Start: shared.StartEager, Input: l.Input, SlowClient: l.SlowClient, History: l.History, KeepFirst: l.KeepFirst,
		Restart: shared.RestartAlways, // what a viewer sends while there is no process waits for the next
	}
}

// Serve returns the Supervisor of a program, and starts it. Where the Manager has had another one
// for a program of that name, its instances go on, and are reloaded with the new settings.
func (l Lifetime) Serve(runtime *libwebsocketd.Runtime) libwebsocketd.Supervisor {
	if l.Manager == nil {
		l.Manager = New(Options{Log: runtime.Log()})
	}
	l.App = l.App.complete()
	return l.Manager.serve(&service{
		manager: l.Manager, runtime: runtime, app: l.App, life: l.hub(), name: runtime.Program().Name,
		retired: make(chan struct{}),
	})
}
