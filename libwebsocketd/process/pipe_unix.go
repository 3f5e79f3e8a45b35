//go:build unix

package process

import (
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// newOutputPipe makes a pipe whose reading end is ours. Only this end is made
// non-blocking and registered with the runtime's poller. [os.Pipe] does so with both,
// and undoes it for the child: 18 system calls and three wake-ups more for each
// process.
func newOutputPipe() (ours, childs *os.File, err error) {
	fds, err := newPipe(0)
	if err != nil {
		return nil, nil, err
	}
	return os.NewFile(uintptr(fds[0]), "|0"), os.NewFile(uintptr(fds[1]), "|1"), nil
}

// newInputPipe makes a pipe whose writing end is ours.
func newInputPipe() (childs *os.File, ours io.WriteCloser, err error) {
	fds, err := newPipe(1)
	if err != nil {
		return nil, nil, err
	}
	return os.NewFile(uintptr(fds[0]), "|0"), &input{fd: fds[1]}, nil
}

// newPipe makes a pipe and makes the end with index ours non-blocking.
func newPipe(ours int) (fds [2]int, err error) {
	if err := closeOnExecPipe(&fds); err != nil {
		return fds, os.NewSyscallError("pipe2", err)
	}
	if _, err := unix.FcntlInt(uintptr(fds[ours]), unix.F_SETFL, unix.O_NONBLOCK); err != nil {
		unix.Close(fds[0])
		unix.Close(fds[1])
		return fds, os.NewSyscallError("fcntl", err)
	}
	return fds, nil
}
