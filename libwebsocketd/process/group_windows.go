package process

import (
	"os"
	"syscall"
)

// signalGroup can only kill, and only the program itself: Windows has no process
// groups to signal, and job objects are not supported yet. Signal 0 asks whether it
// is there.
func signalGroup(p *Process, sig syscall.Signal) error {
	if p.reaped {
		return os.ErrProcessDone
	}
	if sig != syscall.SIGKILL {
		return nil
	}
	return p.proc.Kill()
}

func groupAttributes(bool) *syscall.SysProcAttr { return nil }

func reapGroup(*Process) {}

func killGroup(int, syscall.Signal) error { return nil } // there is only one group
