//go:build !linux

package cli

import "os"

// notifyUpgrade does nothing: there is no upgrade on this system.
func notifyUpgrade(chan<- os.Signal) {}
