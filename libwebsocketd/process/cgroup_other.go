//go:build !linux

package process

import (
	"errors"
	"syscall"
)

var errNoCgroups = errors.New("control groups need Linux; leave their limits out")

// checkCgroup returns an error: there are no control groups here.
func checkCgroup([]string) error { return errNoCgroups }

// cgroups makes control groups, which there are none of.
type cgroups struct{}

func (*cgroups) close() {}

func (*cgroups) make(*Cgroup) (*cgroup, error) { return nil, errNoCgroups }

// EnableCgroups returns an error: there are no control groups here.
func (l *Launcher) EnableCgroups(*Cgroup) error { return errNoCgroups }

func removeCgroups(int) bool { return true }

// cgroup is a control group, which there is none of.
type cgroup struct{}

func (*cgroup) enter(*syscall.SysProcAttr) {}
func (*cgroup) entered()                   {}
func (*cgroup) limit() error               { return nil }
func (*cgroup) end() bool                  { return true }
