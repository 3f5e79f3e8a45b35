//go:build unix

package connect

import (
	"os"
	"os/signal"
	"syscall"
)

// die ends this process by a signal, so that whoever waits for it sees that.
func die(sig os.Signal) {
	signal.Reset(sig)
	syscall.Kill(os.Getpid(), sig.(syscall.Signal))
	select {} // it may reach another thread first
}
