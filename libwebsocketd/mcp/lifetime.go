package mcp

import (
	"cmp"
	"errors"
	"fmt"
	"time"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/session"
	"websocketd/libwebsocketd/shared"
)

// What a zero field of a Lifetime stands for.
const (
	DefaultResume = 5 * time.Minute
	DefaultLinger = 5 * time.Minute
	DefaultStart  = time.Minute
)

// Protocol is the subprotocol by which a WebSocket has a process of its own.
const Protocol = "mcp"

// Lifetime is that of programs that are MCP servers: they read and write JSON-RPC on stdin and
// stdout, a message a line, and are served over Streamable HTTP. The zero value has the
// defaults.
type Lifetime struct {
	// Shared serves clients of the revisions up to 2025-11-25 by one process, which is
	// initialized once, and without sessions. It is for clients that never send the id of a
	// session. Such a server cannot ask its clients anything.
	Shared bool

	// Resume is how long a session is kept for which nothing is open; 0 is DefaultResume,
	// negative is for ever. Linger is how long a process that serves everybody is kept after
	// the last request; 0 is DefaultLinger, negative not at all.
	Resume, Linger time.Duration

	Start   time.Duration        // in which a process must have said something for a request; 0 is DefaultStart
	Eager   bool                 // the process that serves everybody is there before anyone asks
	Restart shared.RestartPolicy // of such a process; "" is shared.RestartOnFailure
	Watch   bool                 // restart such a process when its program file changes
	Isolate shared.Isolate       // shared.IsolateUser gives each user such a process
	History int                  // bytes that are kept of a session's streams; 0 is shared.DefaultHistory

	Registry *session.Registry // where sessions are counted; nil is one with room for MaxForks
}

// Name returns what the console and GET ?state call it.
func (l Lifetime) Name() string { return "mcp" }

// NeedsUsers reports whether the program's clients have to prove who they are.
func (l Lifetime) NeedsUsers() bool { return l.Isolate == shared.IsolateUser }

// complete returns l with the defaults filled in.
func (l Lifetime) complete() Lifetime {
	l.Resume = cmp.Or(l.Resume, DefaultResume)
	l.Linger = max(cmp.Or(l.Linger, DefaultLinger), 0)
	l.Start = cmp.Or(l.Start, DefaultStart)
	l.Restart = cmp.Or(l.Restart, shared.RestartOnFailure)
	l.History = cmp.Or(l.History, shared.DefaultHistory)
	return l
}

// Check returns an error if the settings are wrong, or do not go with the rest of p's.
func (l Lifetime) Check(p *libwebsocketd.Program) error {
	switch {
	case p.Framing != libwebsocketd.FramingNDJSON:
		return fmt.Errorf("lifetime mcp: Framing is %q; MCP servers write a message a line, which is ndjson", p.Framing)
	case p.Binary:
		return errors.New("lifetime mcp: Binary cannot go with it: messages are text")
	case l.Start < 0:
		return fmt.Errorf("lifetime mcp: Start is negative: %s", l.Start)
	}
	l = l.complete()
	if err := l.everybody().Check(p); err != nil {
		return err
	}
	return l.ofSessions().Check(p)
}

// everybody returns the lifetime of processes that serve many clients.
func (l Lifetime) everybody() shared.Lifetime {
	start := shared.StartFirst
	if l.Eager {
		start = shared.StartEager
	}
	return shared.Lifetime{Start: start, Linger: l.Linger, Restart: l.Restart, Watch: l.Watch, Isolate: l.Isolate, History: l.History}
}

// ofSessions returns the lifetime of processes that serve one session each.
func (l Lifetime) ofSessions() session.Lifetime {
	return session.Lifetime{Resume: max(l.Resume, 0), History: l.History, Registry: l.Registry}
}
