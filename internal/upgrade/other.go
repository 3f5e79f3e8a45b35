//go:build !linux

package upgrade

import (
	"context"
	"errors"
	"os"
	"syscall"
	"time"

	"websocketd/libwebsocketd/session"
)

// Seat is the place of this process in a row of servers. On this system it is the only one.
type Seat struct{}

// Enter returns the Seat of this process.
func Enter() (*Seat, error) { return &Seat{}, nil }

// IsNew returns false.
func (*Seat) IsNew() bool { return false }

// IsFirst returns true.
func (*Seat) IsFirst() bool { return true }

// HasClients returns false.
func (*Seat) HasClients() bool { return false }

// First returns nil.
func (*Seat) First() <-chan struct{} { return nil }

// Notify does nothing.
func (*Seat) Notify(string) error { return nil }

// Sockets returns nothing.
func (*Seat) Sockets() []*os.File { return nil }

// Managed returns false.
func (*Seat) Managed() (is bool, watchdog time.Duration) { return false, 0 }

// End does nothing.
func (*Seat) End(int) {}

// Refuse does nothing.
func (*Seat) Refuse(error) {}

// TakeOver does nothing.
func (*Seat) TakeOver(Server, *session.Registry, func(Relayed)) error { return nil }

// Upgrade returns an error.
func (*Seat) Upgrade(context.Context, Options) (*Rest, error) {
	return nil, errors.New("a server can be replaced without a gap on Linux only")
}

// Rest is what remains of a server that was replaced: there is none on this system.
type Rest struct{}

// Left does nothing.
func (*Rest) Left() {}

// Idle returns nil.
func (*Rest) Idle() <-chan struct{} { return nil }

// Ended returns nil.
func (*Rest) Ended() <-chan struct{} { return nil }

// Server returns 0.
func (*Rest) Server() int { return 0 }

// Signal does nothing.
func (*Rest) Signal(syscall.Signal) {}

// Status returns false.
func (*Rest) Status() (status int, ok bool) { return 0, false }

// Leave does nothing.
func (*Rest) Leave() {}
