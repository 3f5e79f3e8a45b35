package exit

import "syscall"

// signalName returns what the runtime calls the signal.
func signalName(s syscall.Signal) string { return s.String() }
