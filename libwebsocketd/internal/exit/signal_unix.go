//go:build unix

package exit

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// signalName returns SIGINT for 2 and so on.
func signalName(s syscall.Signal) string {
	if name := unix.SignalName(s); name != "" {
		return name
	}
	return s.String()
}
