package process

import (
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// limitsOfSystem returns the limits by their names. RLIMIT_RTTIME is not among them: it is the mark
// of a process.
func limitsOfSystem() map[string]int {
	return map[string]int{
		"as": unix.RLIMIT_AS, "core": unix.RLIMIT_CORE, "cpu": unix.RLIMIT_CPU, "data": unix.RLIMIT_DATA, "fsize": unix.RLIMIT_FSIZE,
		"locks": unix.RLIMIT_LOCKS, "memlock": unix.RLIMIT_MEMLOCK, "msgqueue": unix.RLIMIT_MSGQUEUE, "nice": unix.RLIMIT_NICE,
		"nofile": unix.RLIMIT_NOFILE, "nproc": unix.RLIMIT_NPROC, "rss": unix.RLIMIT_RSS, "rtprio": unix.RLIMIT_RTPRIO,
		"sigpending": unix.RLIMIT_SIGPENDING, "stack": unix.RLIMIT_STACK,
	}
}

// limitValue returns a limit as a Limit has it.
func limitValue(n uint64) uint64 { return n }

func setLimit(resource int, soft, hard uint64) error {
	return syscall.Setrlimit(resource, &syscall.Rlimit{Cur: soft, Max: hard})
}

func mayRaiseLimits() bool   { return hasCapability(unix.CAP_SYS_RESOURCE) }
func mayRaisePriority() bool { return hasCapability(unix.CAP_SYS_NICE) }

// ownNice returns the nice value of this process. The system call returns 20 less that.
func ownNice() int {
	priority, err := unix.Getpriority(unix.PRIO_PROCESS, 0)
	if err != nil {
		return 0
	}
	return 20 - priority
}

// keepsCapabilities reports whether a process that becomes an account's has the capabilities of this
// process left, as to become anybody again: the system takes them from root alone, unless that is
// switched off (capabilities(7)).
func keepsCapabilities(a *Account) bool {
	if !a.isAnother() {
		return false
	}
	bits, err := unix.PrctlRetInt(unix.PR_GET_SECUREBITS, 0, 0, 0, 0)
	return os.Geteuid() != 0 || err != nil || bits&securebitNoSetuidFixup != 0
}

// securebitNoSetuidFixup is SECBIT_NO_SETUID_FIXUP of linux/securebits.h.
const securebitNoSetuidFixup = 1 << 2

// dropCapabilities leaves a process in a sandbox, or of another user, no capabilities: even of a
// sandbox, root could reach out by them, and a user could become another one. Without new privileges
// it does not get them back. Others may keep them.
func dropCapabilities(mayKeep bool) error {
	if mayKeep {
		return nil
	}
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var none [2]unix.CapUserData
	return unix.Capset(&header, &none[0])
}

// dieWithParent makes the system kill this process when the thread that has forked it ends.
func dieWithParent() error {
	return unix.Prctl(unix.PR_SET_PDEATHSIG, uintptr(syscall.SIGKILL), 0, 0, 0)
}
