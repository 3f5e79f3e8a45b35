//go:build unix

package process

import (
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// newPipe makes a pipe whose end number near (0 reads, 1 writes) is ours. Only that
// one is made non-blocking and known to the runtime's poller. [os.Pipe] does so with
// both, and undoes it for the child: 18 system calls and three wake-ups more for
// each process.
func newPipe(near int) (r, w *os.File, err error) {
	var fds [2]int
	if err := closeOnExecPipe(&fds); err != nil {
		return nil, nil, os.NewSyscallError("pipe2", err)
	}
	if _, err := unix.FcntlInt(uintptr(fds[near]), unix.F_SETFL, unix.O_NONBLOCK); err != nil {
		syscall.Close(fds[0])
		syscall.Close(fds[1])
		return nil, nil, os.NewSyscallError("fcntl", err)
	}
	return os.NewFile(uintptr(fds[0]), "|0"), os.NewFile(uintptr(fds[1]), "|1"), nil
}
