//go:build unix

package terminal

import (
	"os"
	"os/signal"
	"syscall"
)

// Die ends this process by a signal, so that whoever waits for it sees that.
func Die(sig os.Signal) {
	signal.Reset(sig)
	syscall.Kill(os.Getpid(), sig.(syscall.Signal))
	select {} // it may reach another thread first
}
