//go:build !linux

package cli

import (
	"os"

	"websocketd/internal/upgrade"
)

// notifyUpgrade does nothing: there is no upgrade on this system.
func notifyUpgrade(chan<- os.Signal) {}

// relayTo returns nil: no server was before.
func relayTo(ends, hangups, states, upgrades chan<- os.Signal) func(upgrade.Relayed) { return nil }
