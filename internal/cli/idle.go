package cli

import (
	"fmt"
	"slices"
	"time"

	"websocketd/internal/upgrade"
	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/manager"
	"websocketd/libwebsocketd/mcp"
	"websocketd/libwebsocketd/session"
	"websocketd/libwebsocketd/shared"
)

// idle is when a server is not needed any more: --exitidle.
type idle struct {
	after time.Duration // 0: never
	look  func() look
}

// look is what goes on in a server at one moment. accepted grows with every client, so that no
// short visit is overlooked.
type look struct {
	busy     bool
	accepted uint64
}

// looksIn is how often a server is looked at within the time that it may be idle.
const looksIn = 8

// watch returns a channel that is closed when nothing has gone on for that time. end ends the
// goroutine that looks.
func (i idle) watch() (over <-chan struct{}, end func()) {
	if i.after == 0 {
		return nil, func() {}
	}
	reached, quit, done := make(chan struct{}), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		if i.await(quit) {
			close(reached)
		}
	}()
	return reached, func() { close(quit); <-done }
}

// await returns true when nothing has gone on for that time, false when quit is closed.
func (i idle) await(quit <-chan struct{}) bool {
	tick := time.NewTicker(max(min(i.after/looksIn, time.Second), time.Millisecond))
	defer tick.Stop()
	for since, last := time.Now(), i.look(); ; {
		select {
		case <-quit:
			return false
		case <-tick.C:
		}
		now := i.look()
		if now.busy || now.accepted != last.accepted {
			since = time.Now()
		}
		if last = now; time.Since(since) >= i.after {
			return true
		}
	}
}

// unlessUnderWay returns unused, and nil during an upgrade: the new server looks for itself.
func (u *upgrader) unlessUnderWay(unused <-chan struct{}) <-chan struct{} {
	if u.done != nil {
		return nil
	}
	return unused
}

// watched is what is looked at.
type watched interface {
	Activity() libwebsocketd.Activity
	Programs() []libwebsocketd.ProgramInfo
	Conversations() []libwebsocketd.Conversation
	Processes() int
}

// lookAt returns a function that looks at a server. Kept sessions count, also where their process
// has ended: somebody may come back for what it has said. So do programs that the operator has
// added, which are kept alive.
func lookAt(server watched, sessions *session.Registry) func() look {
	kept := func(p libwebsocketd.ProgramInfo) bool { return p.Lifetime == lifeSupervised }
	return func() look {
		a := server.Activity()
		return look{
			busy:     a.Connected > 0 || a.Processes > 0 || sessions.Len() > 0 || slices.ContainsFunc(server.Programs(), kept),
			accepted: a.Accepted,
		}
	}
}

// withReplaced also takes the clients of the servers before this one into account.
func withReplaced(seat *upgrade.Seat, own func() look) func() look {
	return func() look {
		now := own()
		now.busy = now.busy || seat.HasClients()
		return now
	}
}

// checkIdle refuses --exitidle where a process always runs. It is called with all programs known.
func (w *options) checkIdle() *refusal {
	if w.Stop.Exitidle == 0 {
		return nil
	}
	cfg := w.config()
	for _, p := range append(cfg.Programs, libwebsocketd.Program{Name: "COMMAND", Settings: cfg.Settings}) {
		if why := alwaysRuns(p.Lifetime); why != "" {
			return &refusal{status: ExitUsage, message: fmt.Sprintf("--exitidle never comes: %s %s; leave one of them out", p.Name, why)}
		}
	}
	return nil
}

// alwaysRuns returns why a program has a process without clients, "" if it has none.
func alwaysRuns(life libwebsocketd.Lifetime) string {
	eager := false
	switch life := life.(type) {
	case manager.Lifetime:
		return "is supervised, and always runs"
	case shared.Lifetime:
		eager = life.Start == shared.StartEager
	case mcp.Lifetime:
		eager = life.Eager
	}
	if eager {
		return "is started with the server, and always runs (--start=eager)"
	}
	return ""
}
