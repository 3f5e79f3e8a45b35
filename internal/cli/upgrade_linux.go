package cli

import (
	"os"
	"os/signal"
	"syscall"

	"websocketd/internal/upgrade"
)

// notifyUpgrade makes SIGUSR2 ask for an upgrade.
func notifyUpgrade(signals chan<- os.Signal) { signal.Notify(signals, syscall.SIGUSR2) }

// relayTo returns what gives a signal that a server before has passed on to those that wait for its kind.
func relayTo(ends, hangups, states, upgrades chan<- os.Signal) func(upgrade.Relayed) {
	return func(sig upgrade.Relayed) {
		to := ends
		switch syscall.Signal(sig) {
		case syscall.SIGHUP:
			to = hangups
		case syscall.SIGUSR1:
			to = states
		case syscall.SIGUSR2:
			to = upgrades
		}
		select {
		case to <- sig:
		default: // as many as count are there already
		}
	}
}
