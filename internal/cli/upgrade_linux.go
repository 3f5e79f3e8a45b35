package cli

import (
	"os"
	"os/signal"
	"syscall"
)

// notifyUpgrade makes SIGUSR2 ask for an upgrade.
func notifyUpgrade(signals chan<- os.Signal) { signal.Notify(signals, syscall.SIGUSR2) }
