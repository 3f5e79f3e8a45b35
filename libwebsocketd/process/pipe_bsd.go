//go:build unix && !linux

package process

import "syscall"

// closeOnExecPipe holds the lock that keeps others from forking in between: not
// every one of these systems has pipe2.
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
