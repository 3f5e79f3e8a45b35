//go:build linux

package process

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// A killed server leaves nothing: not the program, not its background child, not
// the socket file, not the guardian.
func TestGuardianAfterSIGKILL(t *testing.T) {
	t.Parallel()
	socket := staleSocket(t)
	server, pids := startGuardedServer(t, socket)
	server.Process.Kill()
	server.Wait()
	for _, pid := range pids {
		eventually(t, fmt.Sprintf("%d is gone", pid), func() bool { return !alive(pid) })
	}
	eventually(t, "the socket is gone", func() bool {
		_, err := os.Lstat(socket)
		return os.IsNotExist(err)
	})
}

// Somebody kills the guardian first: its successor is told everything again.
func TestGuardianIsReplaced(t *testing.T) {
	t.Parallel()
	server, pids := startGuardedServer(t, staleSocket(t))
	first := pids[2]
	syscall.Kill(first, syscall.SIGKILL)
	var second int
	eventually(t, "a second guardian", func() bool {
		second = childNamed(server.Process.Pid, guardianName, first)
		return second != 0
	})
	server.Process.Kill()
	server.Wait()
	for _, pid := range []int{pids[0], pids[1], second} {
		eventually(t, fmt.Sprintf("%d is gone", pid), func() bool { return !alive(pid) })
	}
}

// The socket of a successor of the dead server is not the guardian's to remove.
func TestGuardianLeavesAnotherSocket(t *testing.T) {
	t.Parallel()
	socket := staleSocket(t)
	w := watch(strings.NewReader(fmt.Sprintf("socket %q\n", socket)))
	os.Rename(socket, socket+".old") // so that the inode stays taken
	if err := os.WriteFile(socket, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	w.clean()
	if _, err := os.Lstat(socket); err != nil {
		t.Error(err)
	}
}

func TestGuardianList(t *testing.T) {
	t.Parallel()
	w := watch(strings.NewReader("+7\n+8\n-7\n+9\nnonsense\n+1\n+0\n-1\n+\n99999999999999999999\n"))
	if len(w.groups) != 2 || !w.groups[8] || !w.groups[9] {
		t.Errorf("groups %v, want 8 and 9", w.groups)
	}
}

// An orphan that left the group is no longer ours to end, but ours to collect.
func TestStrangersAreCollected(t *testing.T) {
	t.Parallel()
	server, pids := startGuardedServer(t, staleSocket(t))
	syscall.Kill(-pids[0], syscall.SIGKILL) // the leader is known, its child is a stranger
	eventually(t, "the stranger is collected", func() bool { return !exists(pids[1]) })
	server.Process.Kill()
	server.Wait()
}

func startGuardedServer(t *testing.T, socket string, more ...string) (*exec.Cmd, []int) {
	t.Helper()
	server := exec.Command("/proc/self/exe")
	server.Env = append(append(os.Environ(), "PROCESS_TEST_SERVER="+socket), more...)
	out, err := server.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Process.Kill(); server.Wait() })
	pids := make([]int, 3)
	line, _ := bufio.NewReader(out).ReadString('\n')
	if n, _ := fmt.Sscan(line, &pids[0], &pids[1], &pids[2]); n != 3 {
		t.Fatalf("the server said %q", line)
	}
	return server, pids
}

// staleSocket is a socket file nobody listens on.
func staleSocket(t *testing.T) string {
	path := filepath.Join(t.TempDir(), "socket")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	l.(*net.UnixListener).SetUnlinkOnClose(false)
	l.Close()
	return path
}

// stat is the name, state and parent of a process.
func stat(pid int) (name, state string, parent int) {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return "", "", 0
	}
	s := string(raw)
	name = s[strings.IndexByte(s, '(')+1 : strings.LastIndexByte(s, ')')]
	fmt.Sscan(s[strings.LastIndexByte(s, ')')+1:], &state, &parent)
	return name, state, parent
}

func exists(pid int) bool {
	_, state, _ := stat(pid)
	return state != ""
}

// members are the living of a group.
func members(pgid int) []int {
	var found []int
	all, _ := filepath.Glob("/proc/[0-9]*")
	for _, dir := range all {
		var pid int
		fmt.Sscan(filepath.Base(dir), &pid)
		if group, _ := syscall.Getpgid(pid); group == pgid && alive(pid) {
			found = append(found, pid)
		}
	}
	return found
}

// alive is false for a zombie: it only waits for its parent.
func alive(pid int) bool {
	_, state, _ := stat(pid)
	return state != "" && state != "Z" && state != "X"
}

func childNamed(parent int, name string, but int) int {
	all, _ := filepath.Glob("/proc/[0-9]*")
	for _, dir := range all {
		var pid int
		fmt.Sscan(filepath.Base(dir), &pid)
		if n, state, p := stat(pid); p == parent && n == name && pid != but && state != "Z" {
			return pid
		}
	}
	return 0
}

// TestGuardianReadsInTime: the guardian leaves lines in its pipe, but never so
// many that whoever tells them would wait, however many there are; and it knows
// them all in the end.
func TestGuardianReadsInTime(t *testing.T) {
	t.Parallel()
	server, pids := startGuardedServer(t, staleSocket(t), "PROCESS_TEST_GROUPS=200000")
	server.Process.Kill()
	server.Wait()
	for _, pid := range pids {
		eventually(t, fmt.Sprintf("%d is gone", pid), func() bool { return !alive(pid) })
	}
}
