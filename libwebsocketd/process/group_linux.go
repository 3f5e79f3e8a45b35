package process

import "syscall"

// groupAttributes puts the child at the head of its own session and group: no
// terminal, one number to signal. deathsig is for a child that is to
// die with the thread that forks it.
func groupAttributes(deathsig bool) *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{Setsid: true}
	if deathsig {
		attr.Pdeathsig = syscall.SIGKILL
	}
	return attr
}
