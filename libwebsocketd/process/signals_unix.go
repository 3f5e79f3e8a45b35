//go:build unix

package process

import (
	"errors"
	"os"
	"syscall"
)

// signalGroup sends sig to every member of the group. It returns os.ErrProcessDone
// when the group has none; zombies count until they are collected.
func signalGroup(p *Process, sig syscall.Signal) error {
	err := killGroup(p.Pid, sig)
	if errors.Is(err, syscall.ESRCH) {
		return os.ErrProcessDone
	}
	return err
}

func killGroup(group int, sig syscall.Signal) error { return syscall.Kill(-group, sig) }

// reapGroup collects members of the group that have become children of this process,
// as the orphans of a subreaper do. The group's leader must be collected already, or
// reapGroup would take it.
func reapGroup(p *Process) {
	for {
		if pid, err := syscall.Wait4(-p.Pid, nil, syscall.WNOHANG, nil); pid <= 0 || err != nil {
			return
		}
	}
}
