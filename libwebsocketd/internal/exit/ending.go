// Package exit holds how a process finished.
package exit

import (
	"fmt"
	"strconv"
	"strings"
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

// mostSignal is above the number of every signal.
const mostSignal = 65

// Parse returns the ending for which String returns text. It returns false if that is none, or
// one that says nothing.
func Parse(text string) (e Ending, ok bool) {
	if name, found := strings.CutPrefix(text, "signal: "); found {
		for e.Code, e.Signal = -1, 1; e.Signal < mostSignal; e.Signal++ {
			if signalName(e.Signal) == name {
				return e, true
			}
		}
		return Ending{}, false
	}
	status, found := strings.CutPrefix(text, "exit status ")
	code, err := strconv.ParseUint(status, 10, 31)
	return Ending{Code: int(code)}, found && err == nil
}
