package process

import "syscall"

// groupAttributes returns attributes that make the child the leader of a new session
// and group: no terminal, one number to signal. deathsig kills the child when the
// thread that forks it ends.
func groupAttributes(deathsig bool) *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{Setsid: true}
	if deathsig {
		attr.Pdeathsig = syscall.SIGKILL
	}
	return attr
}
