package harness

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// MarkName is the environment variable that marks a server and its children.
const MarkName = "WSD_MARK"

// Marked returns the pids of the living processes that carry mark, or that run the
// file exe: the server's own link, which its guardian runs too. Zombies have no
// environment and are not found.
func Marked(mark, exe string) (pids []int) {
	want := []byte(MarkName + "=" + mark)
	for _, pid := range allPids() {
		if carries(pid, want) || runs(pid, exe) {
			pids = append(pids, pid)
		}
	}
	return pids
}

// Children returns the processes of Marked that do not run exe: the server's children
// and their descendants, but neither the server, nor its guardian, nor a child
// between fork and exec.
func Children(mark, exe string) (pids []int) {
	want := []byte(MarkName + "=" + mark)
	for _, pid := range allPids() {
		if carries(pid, want) && runsOther(pid, exe) {
			pids = append(pids, pid)
		}
	}
	return pids
}

func allPids() (pids []int) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil
	}
	for _, e := range entries {
		if pid, err := strconv.Atoi(e.Name()); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids
}

func carries(pid int, entry []byte) bool {
	env, err := os.ReadFile(procFile(pid, "environ"))
	for n := 0; err == nil && len(env) == 0 && isWithinExec(pid) && n < 1000; n++ {
		<-time.After(time.Millisecond)
		env, err = os.ReadFile(procFile(pid, "environ"))
	}
	if err != nil {
		return false
	}
	for v := range bytes.SplitSeq(env, []byte{0}) {
		if bytes.Equal(v, entry) {
			return true
		}
	}
	return false
}

// isWithinExec reports whether a process is just being replaced by another program: it has neither arguments
// nor an environment then. Zombies and threads of the kernel have no file either.
func isWithinExec(pid int) bool {
	args, err := os.ReadFile(procFile(pid, "cmdline"))
	if err != nil || len(args) > 0 {
		return false
	}
	_, err = executable(pid)
	return err == nil
}

func runs(pid int, exe string) bool {
	link, err := executable(pid)
	return err == nil && link == exe
}

// runsOther is not the opposite of runs: of a process that is ending neither is known.
func runsOther(pid int, exe string) bool {
	link, err := executable(pid)
	return err == nil && link != exe
}

func executable(pid int) (string, error) {
	link, err := os.Readlink(procFile(pid, "exe"))
	return strings.TrimSuffix(link, " (deleted)"), err
}

func procFile(pid int, name string) string {
	return filepath.Join("/proc", strconv.Itoa(pid), name)
}

// Alive reports whether pid is a process and not a zombie.
func Alive(pid int) bool {
	state, err := statusField(pid, "State")
	return err == nil && !strings.HasPrefix(state, "Z") && !strings.HasPrefix(state, "X")
}

// PeakMemory returns VmHWM of pid in bytes: the most memory it ever had resident.
func PeakMemory(t T, pid int) int64 {
	t.Helper()
	return statusNumber(t, pid, "VmHWM") << 10
}

// Memory returns VmRSS of pid in bytes: the memory it has resident now.
func Memory(t T, pid int) int64 {
	t.Helper()
	return statusNumber(t, pid, "VmRSS") << 10
}

// Threads returns the number of threads of pid.
func Threads(t T, pid int) int {
	t.Helper()
	return int(statusNumber(t, pid, "Threads"))
}

func statusNumber(t T, pid int, name string) int64 {
	t.Helper()
	n, err := StatusNumber(pid, name)
	if err != nil {
		t.Fatalf("%v", err)
	}
	return n
}

// StatusNumber returns a number of /proc/PID/status; memory is in KB.
func StatusNumber(pid int, name string) (int64, error) {
	value, err := statusField(pid, name)
	if err != nil {
		return 0, err
	}
	n, err := strconv.ParseInt(strings.TrimSuffix(value, " kB"), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%s of process %d: %w", name, pid, err)
	}
	return n, nil
}

// CPUTime returns the processor time pid has used so far in all its threads, also in
// those that have ended, but not in its children. It is exact to the nanosecond,
// where /proc/PID/stat is to 10 ms. For a process that is gone it is 0.
func CPUTime(pid int) time.Duration {
	const schedulerClock = 2 // CPUCLOCK_SCHED of the kernel, see clock_getcpuclockid(3)
	var used unix.Timespec
	if err := unix.ClockGettime(int32(^pid<<3|schedulerClock), &used); err != nil {
		return 0
	}
	return time.Duration(used.Nano())
}

// Descriptors returns the number of open descriptors of pid.
func Descriptors(t T, pid int) int {
	t.Helper()
	entries, err := os.ReadDir(procFile(pid, "fd"))
	if err != nil {
		t.Fatalf("%v", err)
	}
	return len(entries)
}

// WriteCalls returns how many write system calls pid has made.
func WriteCalls(t T, pid int) int64 {
	t.Helper()
	return ioNumber(t, pid, "syscw")
}

// ReadCalls returns how many read system calls pid has made, including those that got
// nothing, but not other calls that receive.
func ReadCalls(t T, pid int) int64 {
	t.Helper()
	return ioNumber(t, pid, "syscr")
}

// ioNumber returns a number of /proc/PID/io.
func ioNumber(t T, pid int, name string) int64 {
	t.Helper()
	text, err := os.ReadFile(procFile(pid, "io"))
	if err != nil {
		t.Fatalf("%v", err)
	}
	n, err := strconv.ParseInt(field(string(text), name), 10, 64)
	if err != nil {
		t.Fatalf("%s of %d: %v", name, pid, err)
	}
	return n
}

func statusField(pid int, name string) (string, error) {
	text, err := os.ReadFile(procFile(pid, "status"))
	if err != nil {
		return "", err
	}
	value := field(string(text), name)
	if value == "" {
		return "", fmt.Errorf("process %d has no %s: it has ended", pid, name)
	}
	return value, nil
}

func field(text, name string) string {
	for line := range strings.Lines(text) {
		if value, ok := strings.CutPrefix(line, name+":"); ok {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// NoSurvivors waits until no child of s is left. The server may still run.
func NoSurvivors(t T, s *Server) {
	t.Helper()
	var left []int
	if !Within(Patience(t), func() bool { left = s.Children(); return len(left) == 0 }) {
		t.Fatalf("left behind after %v: %s", Patience(t), describe(left))
	}
}

// NothingLeft waits until neither s, nor its guardian, nor a child is left.
func NothingLeft(t T, s *Server) {
	t.Helper()
	var left []int
	if !Within(Patience(t), func() bool { left = s.Everything(); return len(left) == 0 }) {
		t.Fatalf("left behind after the server: %s", describe(left))
	}
}

func describe(pids []int) string {
	var all []string
	for _, pid := range pids {
		cmd, _ := os.ReadFile(procFile(pid, "cmdline"))
		text := strings.TrimSpace(strings.ReplaceAll(string(cmd), "\x00", " "))
		all = append(all, fmt.Sprintf("%d (%.60s)", pid, text))
	}
	return strings.Join(all, ", ")
}

// Stopped reports whether a process is stopped, by SIGSTOP or the like.
func Stopped(pid int) bool {
	state, err := statusField(pid, "State")
	return err == nil && strings.HasPrefix(state, "T")
}

// Blocked reports whether pid waits in the kernel for room in a pipe, in any of its threads.
func Blocked(pid int) bool {
	threads, _ := filepath.Glob(procFile(pid, "task/*/wchan"))
	known := false
	for _, file := range threads {
		where, err := os.ReadFile(file)
		if strings.Contains(string(where), "pipe_w") {
			return true
		}
		known = known || err == nil && len(where) > 1
	}
	if known {
		return false
	}
	state, err := statusField(pid, "State")
	return err != nil || strings.HasPrefix(state, "S")
}
