package process

import (
	"os"
	"syscall"

	"websocketd/libwebsocketd/internal/exit"
)

// Ending tells how a process finished.
type Ending = exit.Ending

// endingOf returns the ending of a collected process; nil stands for an unknown one.
func endingOf(s *os.ProcessState) Ending {
	if s == nil {
		return Ending{Code: -1}
	}
	if ws, ok := s.Sys().(syscall.WaitStatus); ok && ws.Signaled() {
		return Ending{Code: -1, Signal: ws.Signal()}
	}
	return Ending{Code: s.ExitCode()}
}
