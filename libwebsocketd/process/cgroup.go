package process

import (
	"errors"
	"fmt"
	"slices"
)

// Cgroup gives each process a control group of its own, with all that it starts (cgroups(7), version
// 2, Linux only): everything in it, and in groups that are made below it, ends with the process, also
// what has left its session. What runs as the server's user can move to another group, unless a
// Sandbox keeps it from the files of that. It takes a group that is delegated to this process, as
// systemd's Delegate= does.
type Cgroup struct {
	Memory int64 // bytes that they may have together, beyond which one is killed, and with it all; 0 is no limit
	Pids   int   // processes and threads at once; 0 is no limit
	CPU    int   // percent of one processor; 0 is no limit
}

// controllers returns the names of what the kernel needs for the limits.
func (c *Cgroup) controllers() (names []string) {
	for name, needed := range map[string]bool{"memory": c.Memory > 0, "pids": c.Pids > 0, "cpu": c.CPU > 0} {
		if needed {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// mostCPU is the largest CPU of a Cgroup.
const mostCPU = 100_000

// check returns an error if there can be no such group.
func (c *Cgroup) check() error {
	switch {
	case c == nil:
		return nil
	case c.Memory < 0 || c.Pids < 0 || c.CPU < 0:
		return errors.New("a limit of a control group is negative; 0 is none")
	case c.CPU > mostCPU:
		return fmt.Errorf("%d percent of a processor are more than %d", c.CPU, mostCPU)
	}
	return checkCgroup(c.controllers())
}
