//go:build unix && !linux

package process

import "syscall"

// closeOnExecPipe makes a pipe that no child inherits. It holds the lock against
// forks in between, because not every one of these systems has pipe2.
func closeOnExecPipe(fds *[2]int) error {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	if err := syscall.Pipe(fds[:]); err != nil {
		return err
	}
	syscall.CloseOnExec(fds[0])
	syscall.CloseOnExec(fds[1])
	return nil
}
