package process

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// serverCgroup is the name of the group that the server moves into: one whose members get limits
// has no processes of its own.
const serverCgroup = "websocketd.server"

// delegatedCgroup returns the directory of the control group below which this process may make
// others: its own, or the one above if that was delegated and its own is for the server alone.
func delegatedCgroup() (dir string, err error) {
	own, err := ownCgroup()
	if err != nil {
		return "", err
	}
	if parent := filepath.Dir(own); filepath.Base(own) == serverCgroup || isDelegated(parent) {
		return parent, nil
	}
	return own, nil
}

// ownCgroup returns the directory of the control group that this process is in.
func ownCgroup() (dir string, err error) {
	list, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return "", err
	}
	_, path, ok := strings.Cut("\n"+string(list), "\n0::")
	if !ok {
		return "", errors.New("this system has no control groups of version 2")
	}
	path, _, _ = strings.Cut(path, "\n")
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return "", err
	}
	for line := range strings.Lines(string(mounts)) {
		if dir, ok := mountedCgroup(line, path); ok {
			return dir, nil
		}
	}
	return "", errors.New("this system has no control groups of version 2 that are mounted here")
}

// mountedCgroup returns where a mount of proc_pid_mountinfo(5) shows a control group.
func mountedCgroup(mount, path string) (dir string, ok bool) {
	before, after, _ := strings.Cut(mount, " - ")
	fields := strings.Fields(before)
	if !strings.HasPrefix(after, "cgroup2 ") || len(fields) < 5 {
		return "", false
	}
	below, err := filepath.Rel(fields[3], path)
	if err != nil || below == ".." || strings.HasPrefix(below, "../") {
		return "", false
	}
	return filepath.Join(fields[4], below), true
}

// isDelegated reports whether systemd has marked a group as delegated.
func isDelegated(dir string) bool {
	for _, name := range []string{"user.delegate", "trusted.delegate"} {
		var value [1]byte
		if n, err := unix.Getxattr(dir, name, value[:]); err == nil && n == 1 && value[0] == '1' {
			return true
		}
	}
	return false
}

// checkCgroup returns an error if this process may not make control groups with some controllers.
func checkCgroup(controllers []string) error {
	dir, err := delegatedCgroup()
	if err != nil {
		return err
	}
	for _, need := range []string{dir, filepath.Join(dir, "cgroup.procs"), filepath.Join(dir, "cgroup.subtree_control")} {
		if err := unix.Access(need, unix.W_OK); err != nil {
			return notDelegated(dir, err)
		}
	}
	return checkControllers(dir, controllers)
}

// notDelegated says how this process gets a control group.
func notDelegated(dir string, err error) error {
	return fmt.Errorf("the control group %s is not this server's to divide (%w): start it as a service with Delegate=yes, or by systemd-run --user --scope -p Delegate=yes", dir, err)
}

// checkControllers returns an error if a group has not all of some controllers.
func checkControllers(dir string, controllers []string) error {
	has := words(filepath.Join(dir, "cgroup.controllers"))
	for _, name := range controllers {
		if !slices.Contains(has, name) {
			return fmt.Errorf("the control group %s has no controller %s, only %q: a service gets it by Delegate=%[2]s, if the system has it in version 2", dir, name, strings.Join(has, " "))
		}
	}
	return nil
}

// words returns those of a file.
func words(file string) []string {
	text, _ := os.ReadFile(file)
	return strings.Fields(string(text))
}

// pidsIn returns the processes of a group itself.
func pidsIn(dir string) (found []int) {
	for _, word := range words(filepath.Join(dir, "cgroup.procs")) {
		if pid, err := strconv.Atoi(word); err == nil {
			found = append(found, pid)
		}
	}
	return found
}
