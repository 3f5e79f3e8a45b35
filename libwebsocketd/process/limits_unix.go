//go:build unix

package process

import "syscall"

// UsableDescriptors returns the number of descriptors that may be in use when a
// process is started. It is the limit of this process less a reserve, so that
// refusals, logs and accepted connections still find room. It returns 0 when there is
// no real limit.
func UsableDescriptors() int {
	var limit syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit) != nil || limit.Cur > 1<<30 {
		return 0
	}
	most := int(limit.Cur)
	return most - min(16, most/8)
}
