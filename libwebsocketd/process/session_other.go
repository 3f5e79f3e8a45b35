//go:build !linux

package process

import (
	"errors"
	"os"
	"syscall"
	"time"
)

// orphans has no values here: init adopts them, and the groups of a session other
// than its first are unknown.
type orphans struct{}

func newOrphans() *orphans { return nil }

func (o *orphans) close() {}

func (p *Process) killRest() bool { return false }

func (p *Process) otherGroups() map[int]bool { return nil }

func (p *Process) kept(*map[string]time.Duration, time.Duration, bool) bool { return false }

func hasExited(int) bool { return false }

// onlyZombies reports whether what is left was killed, and is left for init to
// collect.
func (p *Process) onlyZombies() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return !errors.Is(signalGroup(p, syscall.SIGKILL), os.ErrPermission)
}
