//go:build unix

package process

import (
	"errors"
	"os"
	"syscall"
)

// signalGroup sends sig to every member of the group; os.ErrProcessDone when it
// has none. Members that are zombies count until they are collected.
func signalGroup(p *Process, sig syscall.Signal) error {
	err := killGroup(p.Pid, sig)
	if errors.Is(err, syscall.ESRCH) {
		return os.ErrProcessDone
	}
	return err
}

func killGroup(group int, sig syscall.Signal) error { return syscall.Kill(-group, sig) }

// reapGroup collects members of the group that have become children of this
// process, as the orphans of a subreaper do. Only for a group whose leader is
// collected: else it would take the leader.
func reapGroup(p *Process) {
	for {
		if pid, err := syscall.Wait4(-p.Pid, nil, syscall.WNOHANG, nil); pid <= 0 || err != nil {
			return
		}
	}
}
