//go:build linux

package process

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
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

// If the guardian is killed first, its successor gets the same table.
func TestGuardianIsReplaced(t *testing.T) {
	t.Parallel()
	server, pids := startGuardedServer(t, staleSocket(t))
	first := pids[2]
	syscall.Kill(first, syscall.SIGKILL)
	var second int
	eventually(t, "a second guardian", func() bool {
		second = guardianOf(server.Process.Pid, first)
		return second != 0
	})
	server.Process.Kill()
	server.Wait()
	for _, pid := range []int{pids[0], pids[1], second} {
		eventually(t, fmt.Sprintf("%d is gone", pid), func() bool { return !alive(pid) })
	}
}

// A guardian that is ended before it ignores signals is replaced at once too.
func TestGuardianIsEndedEarly(t *testing.T) {
	t.Parallel()
	for _, sig := range []syscall.Signal{syscall.SIGKILL, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP} {
		g, err := newGuardian(nil)
		if err != nil {
			t.Fatal(err)
		}
		told, done := make(chan string, 1000), make(chan struct{})
		go func() { defer close(done); g.run(nil, func(err error) { told <- err.Error() }) }()
		<-g.first
		early := g.endEarly(sig, told)
		if !strings.HasSuffix(early, "; the next try is in 1ms") {
			t.Errorf("%s: %s", sig, early)
		}
		for !strings.HasSuffix(<-told, "is started again") {
		}
		g.end()
		<-done
		g.close()
	}
}

// endEarly signals each guardian as soon as it is there, until one was not ready yet, and
// returns what was said about that one.
func (g *guardian) endEarly(sig syscall.Signal, told <-chan string) string {
	for last := g.signal(syscall.SIGKILL, 0); ; runtime.Gosched() {
		last = g.signal(sig, last)
		select {
		case said := <-told:
			if strings.Contains(said, "before it was ready") {
				return said
			}
			g.signal(syscall.SIGKILL, 0) // it was ready, and ignores other signals
		default:
		}
	}
}

// signal signals the guardian there is, unless it is the last one, and returns its pid.
func (g *guardian) signal(sig syscall.Signal, last int) int {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.pid == 0 || g.pid == last {
		return last
	}
	syscall.Kill(g.pid, sig)
	return g.pid
}

// The guardian does not remove the socket of a successor of the dead server.
func TestGuardianLeavesAnotherSocket(t *testing.T) {
	t.Parallel()
	socket := staleSocket(t)
	var w wards
	if err := json.Unmarshal([]byte(ordersFor([]string{socket})), &w.orders); err != nil || len(w.Sockets) != 1 {
		t.Fatalf("%+v, %v", w.orders, err)
	}
	os.Rename(socket, socket+".old") // so that the inode stays taken
	if err := os.WriteFile(socket, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	w.clean()
	if _, err := os.Lstat(socket); err != nil {
		t.Error(err)
	}
	os.Rename(socket+".old", socket)
	w.clean()
	if _, err := os.Lstat(socket); err == nil {
		t.Error("its own is still there")
	}
}

// An orphan that left the group is not ended any more, but it is collected.
func TestStrangersAreCollected(t *testing.T) {
	t.Parallel()
	server, pids := startGuardedServer(t, staleSocket(t))
	syscall.Kill(-pids[0], syscall.SIGKILL) // the leader is known, its child is an orphan
	eventually(t, "the stranger is collected", func() bool { return !exists(pids[1]) })
	server.Process.Kill()
	server.Wait()
}

func startGuardedServer(t *testing.T, socket string) (*exec.Cmd, []int) {
	t.Helper()
	server := exec.Command("/proc/self/exe")
	server.Env = append(os.Environ(), "PROCESS_TEST_SERVER="+socket)
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

// staleSocket returns a socket file on which no process listens.
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

func exists(pid int) bool {
	_, ok := statOf(strconv.Itoa(pid))
	return ok
}

// members returns the living processes of a group.
func members(pgid int) (found []int) {
	for _, pid := range processes() {
		if s, ok := statOf(strconv.Itoa(pid)); ok && s.group == pgid && !s.dead() {
			found = append(found, pid)
		}
	}
	return found
}

// alive reports whether pid runs. A zombie does not: it only waits for its parent.
func alive(pid int) bool {
	s, ok := statOf(strconv.Itoa(pid))
	return ok && !s.dead()
}

// guardianOf returns the living guardian of a server, except the one given.
func guardianOf(server, but int) int {
	for _, pid := range processes() {
		name, _ := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid))
		s, _ := statOf(strconv.Itoa(pid))
		if s.parent == server && !s.dead() && pid != but && string(name) == guardianName+"\n" {
			return pid
		}
	}
	return 0
}
