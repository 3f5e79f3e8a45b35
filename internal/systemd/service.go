package systemd

import (
	"os"
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
// what the manager is to be told.
//
// sockets are what the manager has passed to that one, by their names.
func Through(relay func(text string) error, watchdog time.Duration, sockets []*os.File) *Service {
	return &Service{relay: relay, watchdog: watchdog, files: sockets}
}

// Watchdog returns within which time the manager wants to see that the service lives; 0: it does not.
func (s *Service) Watchdog() time.Duration { return s.watchdog }

// Take returns what the service manager has passed to this process, and removes its
// variables from the environment, so that no process of ours takes them for its own. It
// returns nil if there is nothing. It must be called once, before descriptors are opened.
func Take() *Service {
	s := &Service{socket: os.Getenv("NOTIFY_SOCKET")}
	os.Unsetenv("NOTIFY_SOCKET")
	s.watchdog, _ = daemon.SdWatchdogEnabled(true) // a wrong number is none
	s.files = activation.Files(true)
	if s.socket == "" && len(s.files) == 0 {
		return nil
	}
	return s
}
