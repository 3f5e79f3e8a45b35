// Package exit holds how a process finished.
package exit

import (
	"fmt"
	"syscall"
)

// Ending says how a process finished.
type Ending struct {
	Code   int            // exit status; -1 when a signal ended it or nothing is known
	Signal syscall.Signal // 0 when it exited by itself
}

// Success reports whether the process exited with status 0.
func (e Ending) Success() bool { return e.Code == 0 && e.Signal == 0 }

// String returns "exit status N" or "signal: SIGNAME".
func (e Ending) String() string {
	switch {
	case e.Signal != 0:
		return "signal: " + signalName(e.Signal)
	case e.Code < 0:
		return "ending unknown"
	}
	return fmt.Sprintf("exit status %d", e.Code)
}
