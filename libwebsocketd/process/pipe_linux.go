package process

import "golang.org/x/sys/unix"

func closeOnExecPipe(fds *[2]int) error { return unix.Pipe2(fds[:], unix.O_CLOEXEC) }
