package process

import (
	"math/bits"
	"math/rand/v2"
	"os"

	"golang.org/x/sys/unix"
)

// A mark is a number that all descendants of a process inherit, through fork and
// exec, and even when they lose their environment and descriptors. It is a soft limit
// for how long a realtime process may run without a pause (RLIMIT_RTTIME), so high
// that no process reaches it. It costs two system calls, each a fraction of a
// microsecond, and can be read for any process.

// firstMark returns a number that no other server on this machine counts from. On 32
// bits a realtime process may still run for 17 minutes.
func firstMark() uint64 {
	return uint64(uint(rand.Uint64())>>3 | 1<<(bits.UintSize-2))
}

// unmarked is the limit this process started with; another server may have started
// and marked it.
var unmarked = func() (limit unix.Rlimit) {
	unix.Prlimit(0, unix.RLIMIT_RTTIME, nil, &limit)
	return limit
}()

// setMark gives the next child its mark. Where the system refuses, a process that was
// being started when the server was killed cannot be found.
func setMark(mark uint64) {
	unix.Prlimit(0, unix.RLIMIT_RTTIME, &unix.Rlimit{Cur: mark, Max: unmarked.Max}, nil)
}

func clearMark() { unix.Prlimit(0, unix.RLIMIT_RTTIME, &unmarked, nil) }

// markOf returns the mark a process carries.
func markOf(pid int) uint64 {
	var limit unix.Rlimit
	unix.Prlimit(pid, unix.RLIMIT_RTTIME, nil, &limit)
	return limit.Cur
}

// bootClock returns the time since boot in nanoseconds, the clock of the start times
// of processes.
func bootClock() int64 {
	var now unix.Timespec
	unix.ClockGettime(unix.CLOCK_BOOTTIME, &now)
	return now.Nano()
}

// sharedFile returns a file without a name, in memory.
func sharedFile() (*os.File, error) {
	fd, err := unix.MemfdCreate("guardian", unix.MFD_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("memfd_create", err)
	}
	return os.NewFile(uintptr(fd), "guardian"), nil
}
