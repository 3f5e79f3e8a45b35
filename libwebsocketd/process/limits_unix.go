//go:build unix

package process

import "syscall"

// UsableDescriptors is how many descriptors this process may have, less what is kept
// back: from that number on no process is started, so that refusals, logs and accepted
// connections still find room. It is 0 when there is no limit to speak of.
func UsableDescriptors() int {
	var limit syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit) != nil || limit.Cur > 1<<30 {
		return 0
	}
	most := int(limit.Cur)
	return most - min(16, most/8)
}
