//go:build !unix

package connect

import (
	"os"
	"syscall"
)

// die ends this process with the status a shell has for a signal.
func die(sig os.Signal) { os.Exit(128 + int(sig.(syscall.Signal))) }
