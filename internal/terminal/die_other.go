//go:build !unix

package terminal

import (
	"os"
	"syscall"
)

// Die ends this process with the status a shell has for a signal.
func Die(sig os.Signal) { os.Exit(128 + int(sig.(syscall.Signal))) }
