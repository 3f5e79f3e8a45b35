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
	StartEager Start = "eager" // with the server, and it stays; that of another URL below the program's with its first viewer
)

// Input says who of the viewers may say something to the program.
type Input string

// Who may say something.
const (
	InputAll   Input = "all"   // everybody, message by message (default)
	InputFirst Input = "first" // who has been there the longest
	InputNone  Input = "none"  // nobody
)

// SlowClient says what becomes of a viewer that does not take the output as fast as
// the others, so that what it is to get next is no longer kept.
type SlowClient string

// What becomes of a slow viewer.
const (
	SlowClose SlowClient = "close" // its connection is closed with 1013 (default)
	SlowDrop  SlowClient = "drop"  // it is told how many messages it has lost, and goes on
	SlowBlock SlowClient = "block" // the program waits for it, and so do the others
)

// Lifetime is lifetime shared: all clients of a URL have one process. The zero
// value is its defaults.
type Lifetime struct {
	Start      Start
	Linger     time.Duration // how long the process is kept when the last viewer has left
	Input      Input
	SlowClient SlowClient
	History    int           // bytes of output that are kept; 0 is DefaultHistory
	KeepFirst  int           // bytes of the beginning of the output that are kept besides, for viewers that come later
	Restart    RestartPolicy // what becomes of a process that ends
	Watch      bool          // a process whose program file changes is restarted
}

// Name is what the console calls it.
func (l Lifetime) Name() string { return "shared" }

// complete fills the defaults in.
func (l Lifetime) complete() Lifetime {
	l.Start = cmp.Or(l.Start, StartFirst)
	l.Input = cmp.Or(l.Input, InputAll)
	l.SlowClient = cmp.Or(l.SlowClient, SlowClose)
	l.History = cmp.Or(l.History, DefaultHistory)
	l.Restart = cmp.Or(l.Restart, RestartNever)
	return l
}

// Check is why the settings are wrong, or cannot go with the rest of p's.
func (l Lifetime) Check(p *libwebsocketd.Program) error {
	for _, f := range []struct {
		name, value string
		allowed     []string
	}{
		{"Start", string(l.Start), []string{string(StartFirst), string(StartEager)}},
		{"Input", string(l.Input), []string{string(InputAll), string(InputFirst), string(InputNone)}},
		{"SlowClient", string(l.SlowClient), []string{string(SlowClose), string(SlowDrop), string(SlowBlock)}},
		{"Restart", string(l.Restart), []string{string(RestartNever), string(RestartOnFailure), string(RestartAlways)}},
	} {
		if f.value != "" && !slices.Contains(f.allowed, f.value) {
			return fmt.Errorf("lifetime shared: %s is %q; it may be %s", f.name, f.value, strings.Join(f.allowed, ", "))
		}
	}
	switch {
	case l.Linger < 0:
		return fmt.Errorf("lifetime shared: Linger is negative: %s", l.Linger)
	case l.History < 0:
		return fmt.Errorf("lifetime shared: History is negative: %d", l.History)
	case l.KeepFirst < 0:
		return fmt.Errorf("lifetime shared: KeepFirst is negative: %d", l.KeepFirst)
	case p.MaxFrameSize < 0:
		return errors.New("lifetime shared needs a MaxFrameSize: a message of a client must be whole before it goes between those of others")
	}
	return nil
}
