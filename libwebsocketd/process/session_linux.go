package process

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// clockTick is the unit of the times in /proc/PID/stat, in nanoseconds.
const clockTick = uint64(time.Second / 100)

// stat holds the fields used of /proc/PID/stat.
type stat struct {
	state                  byte
	parent, group, session int
	started                uint64 // in ticks of the bootClock
}

// isKept reports whether something else than the thread itself keeps it from running.
func (s stat) isKept(killed bool) bool { return s.state == 'R' || killed && s.state == 'D' }

// dead reports whether it is a zombie: it only waits to be collected.
func (s stat) dead() bool { return s.state == 'Z' || s.state == 'X' }

// statOf reads the status of a process, "PID", or of a thread, "PID/task/TID".
func statOf(name string) (s stat, ok bool) {
	raw, err := os.ReadFile("/proc/" + name + "/stat")
	if err != nil {
		return s, false
	}
	// proc_pid_stat(5): the name in parentheses may hold anything.
	fields := strings.Fields(string(raw[bytes.LastIndexByte(raw, ')')+1:]))
	if len(fields) < 20 {
		return s, false
	}
	s.state = fields[0][0]
	s.parent, _ = strconv.Atoi(fields[1])
	s.group, _ = strconv.Atoi(fields[2])
	s.session, _ = strconv.Atoi(fields[3])
	s.started, _ = strconv.ParseUint(fields[19], 10, 64)
	return s, true
}

// processes returns the pids of all processes that this one can see.
func processes() []int { return numbers("/proc") }

// numbers returns the names in a directory that are numbers.
func numbers(dir string) (found []int) {
	f, err := os.Open(dir)
	if err != nil {
		return nil
	}
	defer f.Close()
	names, _ := f.Readdirnames(-1)
	for _, name := range names {
		if n, err := strconv.Atoi(name); err == nil {
			found = append(found, n)
		}
	}
	return found
}

// SessionOf returns the session of a process, -1 when there is no such process. A session that
// was begun outside this PID namespace, as that of a command in a container may be, is 0.
func SessionOf(pid int) int {
	session, err := unix.Getsid(pid)
	if err != nil {
		return -1
	}
	return session
}

// orphans reads the list of processes this one has adopted as a subreaper. They are
// children of its first thread; the programs it starts are children of another.
// Nearly always the list is empty, and to see that costs one system call.
type orphans struct {
	mu   sync.Mutex
	file int // negative where the kernel has no such list
	room []byte
}

func newOrphans() *orphans {
	file, err := unix.Open(childrenFile(os.Getpid(), os.Getpid()), unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		file = -1
	}
	return &orphans{file: file, room: make([]byte, 4096)}
}

func childrenFile(pid, tid int) string { return fmt.Sprintf("/proc/%d/task/%d/children", pid, tid) }

// of returns the orphans in a session, including zombies.
func (o *orphans) of(session int) (found []int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	n, err := unix.Pread(o.file, o.room, 0)
	for err == nil && n == len(o.room) {
		o.room = make([]byte, 2*n)
		n, err = unix.Pread(o.file, o.room, 0)
	}
	if err != nil {
		return inSession(processes(), session)
	}
	if n == 0 {
		return nil
	}
	return inSession(pids(o.room[:n]), session)
}

func (o *orphans) close() {
	if o != nil && o.file >= 0 {
		unix.Close(o.file)
	}
}

// pids returns the numbers in a list.
func pids(list []byte) (found []int) {
	for field := range bytes.FieldsSeq(list) {
		if pid, err := strconv.Atoi(string(field)); err == nil {
			found = append(found, pid)
		}
	}
	return found
}

func inSession(all []int, session int) (found []int) {
	for _, pid := range all {
		if SessionOf(pid) == session {
			found = append(found, pid)
		}
	}
	return found
}

// killRest kills what is left of a session whose first group is gone, and collects
// it. It reports whether anything was left. A process left in another group descends
// from an orphan of the session, and becomes an orphan itself when that one is dead.
func (p *Process) killRest() bool {
	if p.launcher.orphans == nil {
		return false
	}
	left := p.launcher.orphans.of(p.Pid)
	for _, pid := range left {
		if group, err := unix.Getpgid(pid); err == nil && group > 1 {
			killGroup(group, syscall.SIGKILL)
		}
		unix.Wait4(pid, nil, unix.WNOHANG, nil)
	}
	return len(left) > 0
}

// onlyZombies reports whether only zombies are left of a session that another process
// collects, as init collects the orphans of a process that is no subreaper.
func (p *Process) onlyZombies() bool {
	if p.launcher.orphans != nil && p.parent == nil {
		return false
	}
	for _, pid := range inSession(processes(), p.Pid) {
		if s, ok := statOf(strconv.Itoa(pid)); ok && !s.dead() {
			return false
		}
	}
	return true
}

// members returns the processes of p's session: the descendants of its leader and of
// its orphans. Without a subreaper, or where that is another process, they are found in all of
// /proc, which is slow.
func (p *Process) members() []int {
	if p.launcher.orphans == nil || p.parent != nil {
		return inSession(processes(), p.Pid)
	}
	found := append(p.launcher.orphans.of(p.Pid), p.Pid)
	for i := 0; i < len(found); i++ {
		for _, tid := range numbers(fmt.Sprintf("/proc/%d/task", found[i])) {
			list, _ := os.ReadFile(childrenFile(found[i], tid))
			found = append(found, inSession(pids(list), p.Pid)...)
		}
	}
	return found
}

// otherGroups returns the groups of p's session except the first.
func (p *Process) otherGroups() map[int]bool {
	groups := make(map[int]bool)
	for _, pid := range p.members() {
		if group, err := unix.Getpgid(pid); err == nil && group > 1 && group != p.Pid {
			groups[group] = true
		}
	}
	return groups
}

// kept reports whether other processes keep the session from running: a thread is
// ready, and all ready threads together had a processor for less than half of
// elapsed. ran holds the processor time of each thread at the last look; kept
// replaces it. A thread that was killed cannot end either while the kernel holds it, as
// for a page that is being read.
func (p *Process) kept(ran *map[string]time.Duration, elapsed time.Duration, killed bool) bool {
	now := make(map[string]time.Duration)
	var had time.Duration
	for _, pid := range p.members() {
		for _, tid := range numbers(fmt.Sprintf("/proc/%d/task", pid)) {
			thread := fmt.Sprintf("%d/task/%d", pid, tid)
			if s, ok := statOf(thread); ok && s.isKept(killed) {
				now[thread] = ranFor(thread)
				had += min(now[thread]-(*ran)[thread], elapsed)
			}
		}
	}
	first := *ran == nil
	*ran = now
	return len(now) > 0 && (first || had < elapsed/2)
}

// hasExited reports whether a child has exited, in all its threads, and is not
// collected yet.
func hasExited(pid int) bool {
	var about unix.Siginfo
	err := unix.Waitid(unix.P_PID, pid, &about, unix.WEXITED|unix.WNOHANG|unix.WNOWAIT, nil)
	return err == nil && about.Signo != 0
}

// ranFor returns how long a thread has had a processor, the first number of its
// schedstat.
func ranFor(thread string) time.Duration {
	text, _ := os.ReadFile("/proc/" + thread + "/schedstat")
	first, _, _ := strings.Cut(string(text), " ")
	ns, _ := strconv.ParseInt(first, 10, 64)
	return time.Duration(ns)
}
