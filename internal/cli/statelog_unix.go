//go:build unix

package cli

import (
	"os"
	"os/signal"
	"syscall"
)

// notifyState makes SIGUSR1 ask for the state of the server.
func notifyState(signals chan<- os.Signal) { signal.Notify(signals, syscall.SIGUSR1) }
