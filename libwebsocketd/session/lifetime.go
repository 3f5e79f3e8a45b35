package session

import (
	"cmp"
	"fmt"
	"time"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/shared"
)

// Policy says what happens when a client attaches to a session that has one already.
type Policy string

// Attach policies.
const (
	Share    Policy = "share"    // both get the output, and what they send goes in message by message (default)
	TakeOver Policy = "takeover" // the one that was there is closed with 4409
	Refuse   Policy = "refuse"   // the one that comes gets 409
)

// Lifetime is lifetime session: a process that outlives its connection. The zero value has
// the defaults.
type Lifetime struct {
	// Resume is how long a session is kept while no client is attached; 0 is for ever.
	Resume time.Duration

	Attach    Policy // "" is Share
	History   int    // bytes of output that are kept; 0 is shared.DefaultHistory. Half of it may be unconfirmed
	KeepFirst int    // bytes of the beginning of the output that are kept in addition
	Watch     bool   // restart a session's process when its program file changes

	// URL redirects a page at the program's path to the URL of a session of its own,
	// which can be bookmarked.
	URL bool

	Registry *Registry // where sessions are counted; nil is one with room for MaxForks
	Hooks    *Hooks    // what a Go program is told of sessions; may be nil
}

// Name returns what the console calls it.
func (l Lifetime) Name() string { return "session" }

// complete returns l with the defaults filled in.
func (l Lifetime) complete() Lifetime {
	l.Attach = cmp.Or(l.Attach, Share)
	l.History = cmp.Or(l.History, shared.DefaultHistory)
	if l.Hooks == nil {
		l.Hooks = &Hooks{}
	}
	return l
}

// Check returns an error if the settings are wrong, or do not go with the rest of p's.
func (l Lifetime) Check(p *libwebsocketd.Program) error {
	switch l.Attach {
	case "", Share, TakeOver, Refuse:
	default:
		return fmt.Errorf("lifetime session: Attach is %q; it may be share, takeover, refuse", l.Attach)
	}
	return l.hubLife().CheckHub("session", "Resume", p)
}

// hubLife returns the settings of the sessions' hubs.
func (l Lifetime) hubLife() shared.Lifetime {
	return shared.Lifetime{Linger: l.Resume, Input: shared.InputAll, SlowClient: shared.SlowClose,
		History: l.History, KeepFirst: l.KeepFirst, Restart: shared.RestartNever}
}
