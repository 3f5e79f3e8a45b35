//go:build unix && !linux

package process

import "syscall"

// groupAttributes returns attributes that make the child the leader of a new session
// and group: no terminal, one number to signal.
func groupAttributes(bool) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setsid: true}
}
