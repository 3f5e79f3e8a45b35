//go:build !linux

package process

import (
	"errors"
	"os"
	"syscall"
	"time"
)

// orphans are init's here, and what a session has besides its first group is not
// known.
type orphans struct{}

func newOrphans() *orphans { return nil }

func (o *orphans) close() {}

func (p *Process) killRest() bool { return false }

func (p *Process) otherGroups() map[int]bool { return nil }

func (p *Process) kept(*map[string]time.Duration, time.Duration) bool { return false }

func hasExited(int) bool { return false }

// onlyZombies reports whether what is left was killed, and is init's to collect.
func (p *Process) onlyZombies() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return !errors.Is(signalGroup(p, syscall.SIGKILL), os.ErrPermission)
}
