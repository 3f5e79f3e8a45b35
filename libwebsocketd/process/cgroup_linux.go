package process

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"syscall"
)

// cgroups makes control groups, one for each process, in a group of this server. The zero value has
// not been set up.
type cgroups struct {
	mu      sync.Mutex
	dir     string   // of this server's group; "": there is none yet
	enabled []string // controllers
	made    uint64
}

// cgroupsOf returns the name of the group of a server's processes.
func cgroupsOf(server int) string { return "websocketd." + strconv.Itoa(server) }

// EnableCgroups makes sure that processes can get such a control group. The server, and what it has
// started before, move into a group of their own if they have to.
func (l *Launcher) EnableCgroups(c *Cgroup) error {
	if c == nil {
		return nil
	}
	l.cgroups.mu.Lock()
	defer l.cgroups.mu.Unlock()
	return l.cgroups.enable(c.controllers())
}

// enable makes the group of this server, and lets groups in it have some controllers.
func (g *cgroups) enable(controllers []string) error {
	if g.dir != "" && !slices.ContainsFunc(controllers, func(name string) bool { return !slices.Contains(g.enabled, name) }) {
		return nil
	}
	above, err := delegatedCgroup()
	if err == nil {
		err = checkControllers(above, controllers)
	}
	if err != nil {
		return err
	}
	if len(controllers) > 0 && !isRootCgroup(above) { // first: some controllers would make it a threaded one
		if err := moveServer(above); err != nil {
			return err
		}
	}
	if err := allow(above, controllers); err != nil {
		return notDelegated(above, err)
	}
	dir := filepath.Join(above, cgroupsOf(os.Getpid()))
	if err := os.Mkdir(dir, 0o755); err != nil && !errors.Is(err, os.ErrExist) {
		return notDelegated(above, err)
	}
	if err := allow(dir, controllers); err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(dir, "cgroup.kill")); err != nil {
		os.Remove(dir)
		return errors.New("this kernel cannot end a control group: that takes Linux 5.14")
	}
	g.dir = dir
	g.enabled = append(g.enabled, controllers...)
	return nil
}

// isRootCgroup reports whether a group is that of the whole system. It alone may have processes beside
// groups with limits.
func isRootCgroup(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, "cgroup.type"))
	return errors.Is(err, os.ErrNotExist)
}

// allow lets groups in a group have controllers.
func allow(dir string, controllers []string) error {
	file := filepath.Join(dir, "cgroup.subtree_control")
	has := words(file)
	for _, name := range controllers {
		if slices.Contains(has, name) {
			continue
		}
		if err := writeCgroup(file, "+"+name); err != nil {
			return err
		}
	}
	return nil
}

// writeCgroup writes to a file of a group. One that is not there is not made.
func writeCgroup(file, text string) error {
	f, err := os.OpenFile(file, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Close())
}

// mostMoves limits how often processes are looked for that were started meanwhile.
const mostMoves = 10

// moveServer moves this process, and those that it has started, from a group to one in it for them
// alone. A process of somebody else is left alone, and an error.
func moveServer(from string) error {
	to := filepath.Join(from, serverCgroup)
	if err := os.Mkdir(to, 0o755); err != nil && !errors.Is(err, os.ErrExist) {
		return notDelegated(from, err)
	}
	own := os.Getpid()
	for range mostMoves {
		pids := pidsIn(from)
		if len(pids) == 0 {
			return nil
		}
		for _, pid := range append([]int{own}, pids...) { // what is started after this one, is there already
			if !descends(pid, own) {
				os.Remove(to)
				return fmt.Errorf("process %d is in the control group %s, too, which could not be divided then: start the server in one of its own", pid, from)
			}
			err := writeCgroup(filepath.Join(to, "cgroup.procs"), strconv.Itoa(pid))
			if err != nil && !errors.Is(err, syscall.ESRCH) {
				return notDelegated(from, err)
			}
		}
	}
	return notDelegated(from, syscall.EBUSY)
}

// descends reports whether a process is, or descends from, another one, or is no more.
func descends(pid, from int) bool {
	for pid != from && pid > 1 {
		s, ok := statOf(strconv.Itoa(pid))
		if !ok {
			return true
		}
		pid = s.parent
	}
	return pid == from
}

// cgroup is the control group of one process. A nil one does nothing.
type cgroup struct {
	dir    string
	file   *os.File // its directory, until the process is in it
	limits Cgroup
}

// make makes a group. It has no limits yet.
func (g *cgroups) make(c *Cgroup) (*cgroup, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if err := g.enable(c.controllers()); err != nil {
		return nil, err
	}
	g.made++
	one := &cgroup{dir: filepath.Join(g.dir, strconv.FormatUint(g.made, 10)), limits: *c}
	err := os.Mkdir(one.dir, 0o755)
	if err == nil {
		one.file, err = os.Open(one.dir)
	}
	if err != nil {
		os.Remove(one.dir)
		return nil, fmt.Errorf("make a control group: %w", err)
	}
	return one, nil
}

// limit gives the group its limits.
func (g *cgroup) limit() error {
	if g == nil {
		return nil
	}
	c, dir := g.limits, g.dir
	for _, limit := range []struct {
		is          bool
		file, value string
	}{
		{c.Memory > 0, "memory.max", strconv.FormatInt(c.Memory, 10)},
		{c.Memory > 0, "memory.oom.group", "1"},
		{c.Pids > 0, "pids.max", strconv.Itoa(c.Pids)},
		{c.CPU > 0, "cpu.max", fmt.Sprint(c.CPU*1000, " ", 100_000)}, // microseconds of time in each tenth of a second
	} {
		if !limit.is {
			continue
		}
		if err := writeCgroup(filepath.Join(dir, limit.file), limit.value); err != nil {
			return fmt.Errorf("limit its control group: %w", err)
		}
	}
	if c.Memory > 0 { // there is no such file without swap
		if err := writeCgroup(filepath.Join(dir, "memory.swap.max"), "0"); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("limit its control group: %w", err)
		}
	}
	return nil
}

// close removes the group of this server.
func (g *cgroups) close() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.dir != "" {
		removeCgroup(g.dir)
	}
}

// enter makes a process begin in the group.
func (c *cgroup) enter(attr *syscall.SysProcAttr) {
	if c != nil {
		attr.UseCgroupFD, attr.CgroupFD = true, int(c.file.Fd())
	}
}

// entered closes what enter needs.
func (c *cgroup) entered() {
	if c != nil {
		c.file.Close()
	}
}

// end kills what is in the group, and reports whether nothing is, and the group is removed.
func (c *cgroup) end() bool {
	if c == nil {
		return true
	}
	killCgroup(c.dir)
	return removeCgroup(c.dir)
}

// killCgroup kills everything in a group, and in those below it.
func killCgroup(dir string) { writeCgroup(filepath.Join(dir, "cgroup.kill"), "1") }

// removeCgroup removes a group, and those below it, which a process may have made, as far as they are
// empty. It reports whether there is none any more.
func removeCgroup(dir string) (done bool) {
	err := os.Remove(dir)
	if errors.Is(err, syscall.EBUSY) {
		entries, _ := os.ReadDir(dir)
		for _, entry := range entries {
			if entry.IsDir() {
				removeCgroup(filepath.Join(dir, entry.Name()))
			}
		}
		err = os.Remove(dir)
	}
	return err == nil || errors.Is(err, os.ErrNotExist)
}

// removeCgroups kills and removes the groups of a server that is gone, as far as they are empty by
// then. It reports whether there are none any more.
func removeCgroups(server int) (done bool) {
	above, err := delegatedCgroup()
	if err != nil {
		return true
	}
	dir := filepath.Join(above, cgroupsOf(server))
	killCgroup(dir)
	return removeCgroup(dir)
}
