package systemd

import (
	"os"
	"strconv"
	"time"

	"github.com/coreos/go-systemd/v22/activation"
	"github.com/coreos/go-systemd/v22/daemon"
)

// Service is what the service manager has passed to this process. Its methods may be called
// concurrently, and on nil.
type Service struct {
	socket   string        // to which its state is told; "": nobody wants to know
	watchdog time.Duration // within which it has to show that it lives; 0: it need not
	files    []*os.File    // that it is to listen on

	relay func(text string) error // tells it in place of the socket; may be nil
}

// Through returns the Service of a process that its manager knows by another one, which relay tells
// what the manager is to be told; nil: nobody wants to know.
//
// sockets are what the manager has passed to that one, by their names.
func Through(relay func(text string) error, watchdog time.Duration, sockets []*os.File) *Service {
	return &Service{relay: relay, watchdog: watchdog, files: sockets}
}

// Watchdog returns within which time the manager wants to see that the service lives; 0: it does not.
func (s *Service) Watchdog() time.Duration { return s.watchdog }

// mostSockets limits how many sockets the manager may pass.
const mostSockets = 1024

// Take returns what the service manager has passed to this process, and removes its
// variables from the environment, so that no process of ours takes them for its own. It
// returns nil if there is nothing. It must be called once, before descriptors are opened.
func Take() *Service {
	s := &Service{socket: os.Getenv("NOTIFY_SOCKET")}
	os.Unsetenv("NOTIFY_SOCKET")
	s.watchdog, _ = daemon.SdWatchdogEnabled(true) // a wrong number is none
	if n, err := strconv.Atoi(os.Getenv("LISTEN_FDS")); err == nil && n > mostSockets {
		os.Setenv("LISTEN_FDS", strconv.Itoa(mostSockets)) // Sockets tells the first that is not there
	}
	s.files = activation.Files(true)
	if s.socket == "" && len(s.files) == 0 {
		return nil
	}
	return s
}
