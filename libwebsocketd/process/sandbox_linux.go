package process

import (
	"errors"

	"golang.org/x/sys/unix"
)

// leastLandlock is the version of landlock that denies everything that a Sandbox is to deny of
// files: one before it lets every file be truncated.
const leastLandlock = 3

// checkSandbox returns an error if the system has no sandboxes.
func checkSandbox() error {
	version, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, unix.LANDLOCK_CREATE_RULESET_VERSION)
	if errno != 0 || version < leastLandlock {
		return errors.New("this kernel has not the landlock that a sandbox needs: Linux 6.2 or later, with landlock among lsm= of its command line")
	}
	return nil
}
