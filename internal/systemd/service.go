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
}

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
