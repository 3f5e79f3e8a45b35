//go:build unix && !linux

package process

import (
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// limitsOfSystem returns the limits by their names.
func limitsOfSystem() map[string]int {
	return map[string]int{
		"core": unix.RLIMIT_CORE, "cpu": unix.RLIMIT_CPU, "data": unix.RLIMIT_DATA, "fsize": unix.RLIMIT_FSIZE,
		"memlock": unix.RLIMIT_MEMLOCK, "nofile": unix.RLIMIT_NOFILE, "nproc": unix.RLIMIT_NPROC, "rss": unix.RLIMIT_RSS,
		"stack": unix.RLIMIT_STACK,
	}
}

// infinity is RLIM_INFINITY of these systems.
const infinity = 1<<63 - 1

// limitValue returns a limit as a Limit has it: some systems have signed ones.
func limitValue[T int64 | uint64](n T) uint64 {
	if n < 0 || uint64(n) >= infinity {
		return Unlimited
	}
	return uint64(n)
}

func setLimit(resource int, soft, hard uint64) error {
	var limit syscall.Rlimit
	putLimit(&limit.Cur, soft)
	putLimit(&limit.Max, hard)
	return syscall.Setrlimit(resource, &limit)
}

func putLimit[T int64 | uint64](to *T, n uint64) { *to = T(min(n, infinity)) }

func mayRaiseLimits() bool   { return os.Geteuid() == 0 }
func mayRaisePriority() bool { return os.Geteuid() == 0 }

// ownNice returns the nice value of this process.
func ownNice() int {
	nice, err := unix.Getpriority(unix.PRIO_PROCESS, 0)
	if err != nil {
		return 0
	}
	return nice
}

// keepsCapabilities returns false: there are none here.
func keepsCapabilities(*Account) bool { return false }

// dropCapabilities does nothing: there are none here.
func dropCapabilities(bool) error { return nil }

func dieWithParent() error { return nil }
