package process

import (
	"math/bits"
	"math/rand/v2"
	"os"

	"golang.org/x/sys/unix"
)

// A mark is a number that whatever descends from a process inherits, through fork,
// exec, and the loss of its environment and descriptors: a soft limit for how long a
// realtime process may run without a pause (RLIMIT_RTTIME), so high that nobody
// meets it. It costs two system calls, of a fraction of a microsecond, and can be
// read of any process.

// firstMark is a number that no other server of this machine counts from. On 32 bits
// a realtime process may still run for 17 minutes.
func firstMark() uint64 {
	return uint64(uint(rand.Uint64())>>3 | 1<<(bits.UintSize-2))
}

// unmarked is the limit as this process got it; it may itself be somebody's child
// that is marked.
var unmarked = func() (limit unix.Rlimit) {
	unix.Prlimit(0, unix.RLIMIT_RTTIME, nil, &limit)
	return limit
}()

// setMark has the next child carry a mark. Where the system refuses, a process that
// was being started at the death of the server is found by nobody.
func setMark(mark uint64) {
	unix.Prlimit(0, unix.RLIMIT_RTTIME, &unix.Rlimit{Cur: mark, Max: unmarked.Max}, nil)
}

func clearMark() { unix.Prlimit(0, unix.RLIMIT_RTTIME, &unmarked, nil) }

// markOf is the mark a process carries.
func markOf(pid int) uint64 {
	var limit unix.Rlimit
	unix.Prlimit(pid, unix.RLIMIT_RTTIME, nil, &limit)
	return limit.Cur
}

// bootClock is the clock that the start of a process is told by, in nanoseconds.
func bootClock() int64 {
	var now unix.Timespec
	unix.ClockGettime(unix.CLOCK_BOOTTIME, &now)
	return now.Nano()
}

// sharedFile is a file without a name, in memory.
func sharedFile() (*os.File, error) {
	fd, err := unix.MemfdCreate("guardian", unix.MFD_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("memfd_create", err)
	}
	return os.NewFile(uintptr(fd), "guardian"), nil
}
