package upgrade

import (
	"context"
	"net"
	"os"
	"syscall"
	"time"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/process"
	"websocketd/libwebsocketd/session"
)

// Options say how a server is replaced.
type Options struct {
	Path      string   // of the executable
	Args      []string // argv, with argv[0]
	Env       []string // NAME=VALUE
	Stdout    *os.File // of the new server
	Stderr    *os.File
	Listeners []net.Listener // to hand over
	Sockets   []Socket       // those of them that the service manager has opened
	Sessions  *session.Registry
	Notify    func(text string) // passes on what a new server has for the service manager; nil: there is none
	Watchdog  time.Duration     // within which that wants to hear of the server; 0: it does not

	// Lift makes the server stand still, as libwebsocketd.Server.Lift does.
	Lift func(ctx context.Context) (*Lifted, error)
}

// Lifted is what stands still of a server.
type Lifted struct {
	All      []libwebsocketd.Handed
	Channels [][]byte // of the operator's listener, for Server.TakeOverChannel
	Settle   func(taken bool) []process.Loan
}

const (
	readyTime = 30 * time.Second // for the new server to get ready
	stillTime = 10 * time.Second // for standing still
	pieceTime = 5 * time.Second  // in which the new server has to take a piece, or to say what it has to

	// mostPiece is the size of a piece of what is handed over.
	mostPiece = 4 << 20
)

// Socket is a listener of the service manager's, with the name that it has there.
type Socket struct {
	net.Listener
	Name string
}

// Relayed is a signal that a server which was replaced has got, and has passed on to this one.
type Relayed syscall.Signal

// Signal implements os.Signal.
func (Relayed) Signal() {}

// String returns the name of the signal.
func (r Relayed) String() string { return syscall.Signal(r).String() }

// Server is the new server, as far as TakeOver needs it.
type Server interface {
	TakeOver(h libwebsocketd.Handed) (begin func(), err error)
	TakeOverChannel(data []byte) error
}
