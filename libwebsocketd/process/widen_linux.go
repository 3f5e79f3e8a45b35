package process

import "golang.org/x/sys/unix"

// widePipe is the capacity of a pipe that was full once. A pipe holds 64 KiB at
// first, which is one write of ours: the two sides take turns, and a slightly longer
// message takes two turns. Four times as much saves a quarter of the server's time
// for messages of 64 KiB. A program that writes little never needs it.
const widePipe = 256 << 10

// WidenPipe raises the capacity of a pipe that was full (F_SETPIPE_SZ in fcntl(2)),
// as far as the system allows this user.
func WidenPipe(fd uintptr) { unix.FcntlInt(fd, unix.F_SETPIPE_SZ, widePipe) }
