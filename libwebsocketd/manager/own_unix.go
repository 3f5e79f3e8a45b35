//go:build unix

package manager

import "syscall"

// takeLimits finds out how much this process may use.
func (p *OwnProcess) takeLimits() {
	var limit syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit) == nil {
		p.MaxFiles = uint64(limit.Cur)
	}
	if syscall.Getrlimit(syscall.RLIMIT_AS, &limit) == nil {
		p.MaxVirtual = uint64(limit.Cur)
	}
}
