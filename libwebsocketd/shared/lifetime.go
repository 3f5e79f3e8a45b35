package shared

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"websocketd/libwebsocketd"
)

// DefaultHistory is how many bytes of output are kept, unless Lifetime.History
// says otherwise.
const DefaultHistory = 1 << 20

// Start says when the process of a URL is started.
type Start string

// When a process is started.
const (
	StartFirst Start = "first" // with the first viewer (default)
	StartEager Start = "eager" // with the server, and it stays; for a URL below the program's own, with the first viewer
)

// Input says which viewers may send messages to the program.
type Input string

// Which viewers may send.
const (
	InputAll   Input = "all"   // all, message by message (default)
	InputFirst Input = "first" // the one that has been there the longest
	InputNone  Input = "none"  // none
)

// SlowClient says what happens to a viewer that does not take the output as fast as the
// others, so that its next message is no longer kept.
type SlowClient string

// What happens to a slow viewer.
const (
	SlowClose SlowClient = "close" // its connection is closed with 1013 (default)
	SlowDrop  SlowClient = "drop"  // it is sent a note of how many messages it has lost, and goes on
	SlowBlock SlowClient = "block" // the program waits for it, and so do the others
)

// Isolate says which clients share a process.
type Isolate string

// Which clients share a process.
const (
	IsolateNone Isolate = "none" // all of a URL (default)
	IsolateUser Isolate = "user" // those of one user
)

// Lifetime is lifetime shared: all clients of a URL have one process. The zero value
// has the defaults.
type Lifetime struct {
	Start      Start
	Linger     time.Duration // how long the process is kept after the last viewer has left
	Input      Input
	SlowClient SlowClient
	History    int           // bytes of output that are kept; 0 is DefaultHistory
	KeepFirst  int           // bytes of the beginning of the output that are kept in addition, for viewers that come later
	Restart    RestartPolicy // after which endings another process is started
	Watch      bool          // restart a process whose program file changes
	Isolate    Isolate       // IsolateUser does not go with StartEager
}

// Name returns what the console calls it.
func (l Lifetime) Name() string { return "shared" }

// complete returns l with the defaults filled in.
func (l Lifetime) complete() Lifetime {
	l.Start = cmp.Or(l.Start, StartFirst)
	l.Input = cmp.Or(l.Input, InputAll)
	l.SlowClient = cmp.Or(l.SlowClient, SlowClose)
	l.History = cmp.Or(l.History, DefaultHistory)
	l.Restart = cmp.Or(l.Restart, RestartNever)
	l.Isolate = cmp.Or(l.Isolate, IsolateNone)
	return l
}

// NeedsUsers reports whether the program's clients have to prove who they are.
func (l Lifetime) NeedsUsers() bool { return l.Isolate == IsolateUser }

// Check returns an error if the settings are wrong, or do not go with the rest of p's.
func (l Lifetime) Check(p *libwebsocketd.Program) error {
	for _, f := range []struct {
		name, value string
		allowed     []string
	}{
		{"Start", string(l.Start), []string{string(StartFirst), string(StartEager)}},
		{"Input", string(l.Input), []string{string(InputAll), string(InputFirst), string(InputNone)}},
		{"SlowClient", string(l.SlowClient), []string{string(SlowClose), string(SlowDrop), string(SlowBlock)}},
		{"Restart", string(l.Restart), []string{string(RestartNever), string(RestartOnFailure), string(RestartAlways)}},
		{"Isolate", string(l.Isolate), []string{string(IsolateNone), string(IsolateUser)}},
	} {
		if f.value != "" && !slices.Contains(f.allowed, f.value) {
			return fmt.Errorf("lifetime shared: %s is %q; it may be %s", f.name, f.value, strings.Join(f.allowed, ", "))
		}
	}
	if l.Isolate == IsolateUser && l.Start == StartEager {
		return errors.New("lifetime shared: Isolate is user and Start is eager: it is not known ahead who will come")
	}
	return l.CheckHub("shared", "Linger", p)
}

// CheckHub returns an error if what a Hub has of the settings is wrong, or does not go with
// the rest of p's. The error has the names of the lifetime, and of its setting for Linger.
func (l Lifetime) CheckHub(lifetime, linger string, p *libwebsocketd.Program) error {
	switch {
	case l.Linger < 0:
		return fmt.Errorf("lifetime %s: %s is negative: %s", lifetime, linger, l.Linger)
	case l.History < 0:
		return fmt.Errorf("lifetime %s: History is negative: %d", lifetime, l.History)
	case l.KeepFirst < 0:
		return fmt.Errorf("lifetime %s: KeepFirst is negative: %d", lifetime, l.KeepFirst)
	case p.MaxFrameSize < 0:
		return fmt.Errorf("lifetime %s needs a MaxFrameSize: a message of a client must be whole before it goes between those of others", lifetime)
	}
	return nil
}
