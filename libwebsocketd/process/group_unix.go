//go:build unix && !linux

package process

import "syscall"

// groupAttributes puts the child at the head of its own session and group: no
// terminal, one number to signal.
func groupAttributes(bool) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setsid: true}
}
