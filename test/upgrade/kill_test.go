package upgrade

import (
	"bytes"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"websocketd/test/harness"
)

// lineage returns a row of three servers, each of which has started a process.
func lineage(t *testing.T) (h *house, servers, processes []int) {
	t.Helper()
	o := options(t, "--config=f.toml")
	text := ""
	for _, name := range []string{"a", "b", "c"} {
		text += "[program." + name + "]\ncommand = [\"sh\", \"-c\", \"echo $$; exec cat\"]\nlifetime = \"shared\"\nlinger = \"5m\"\n"
	}
	write(t, o, "f.toml", text)
	h = startWith(t, o)
	for i, path := range []string{"/a", "/b", "/c"} {
		if i > 0 {
			h.upgrade(t)
		}
		servers = append(servers, h.server(t))
		m, err := h.ConnectTo(t, path).Receive()
		if err != nil {
			t.Fatal(err)
		}
		pid, err := strconv.Atoi(string(m.Data))
		if err != nil {
			t.Fatal(err)
		}
		processes = append(processes, pid)
	}
	return h, servers, processes
}

func kill(t *testing.T, pid int) {
	t.Helper()
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatalf("kill %d: %v", pid, err)
	}
}

// When the first server is killed, which is what its caller knows, everything ends; when the last
// one is, everything ends as well, and the first one has the status of a killed server.
func TestKilled(t *testing.T) {
	t.Parallel()
	for i, status := range map[int]int{0: -9, 2: 137} {
		t.Run(strconv.Itoa(i), func(t *testing.T) {
			t.Parallel()
			h, servers, _ := lineage(t)
			kill(t, servers[i])
			h.ends(t, status)
		})
	}
}

// When a server between is killed, its processes end, and nobody else's.
func TestKilledBetween(t *testing.T) {
	t.Parallel()
	h, servers, processes := lineage(t)
	kill(t, servers[1])
	harness.Until(t, "its process has ended", func() bool { return !harness.Alive(processes[1]) })
	h.Out.Await(t, "url:'/b' ending:'signal: SIGKILL'", "END")
	if m, err := h.ConnectTo(t, "/b").Receive(); err != nil || string(m.Data) == strconv.Itoa(processes[1]) {
		t.Errorf("%v; it is process %s still", err, m.Data)
	}
	h.ConnectTo(t, "/a").Expect(t, strconv.Itoa(processes[0]))
	h.ConnectTo(t, "/c").Expect(t, strconv.Itoa(processes[2]))
	h.upgrade(t)
	h.ConnectTo(t, "/a").Expect(t, strconv.Itoa(processes[0]))
	h.end(t, 0)
}

// When guardians are killed, the servers go on, and leave nothing at the end.
func TestKilledGuardians(t *testing.T) {
	t.Parallel()
	h, _, processes := lineage(t)
	killed := 0
	for _, pid := range h.Everything() {
		if name, _ := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/cmdline"); bytes.Contains(name, []byte("guardian")) {
			kill(t, pid)
			killed++
		}
	}
	if killed != 3 {
		t.Errorf("%d guardians were found", killed)
	}
	h.upgrade(t)
	for i, path := range []string{"/a", "/b", "/c"} {
		h.ConnectTo(t, path).Expect(t, strconv.Itoa(processes[i]))
	}
	h.end(t, 0)
}

// A server between ends when it has neither a process nor a client.
func TestBetweenEnds(t *testing.T) {
	t.Parallel()
	h, servers, processes := lineage(t)
	h.upgrade(t)
	if harness.Alive(servers[2]) != true {
		t.Error("a server has ended that has a process")
	}
	for i := 1; i < 3; i++ {
		if err := syscall.Kill(processes[i], syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		harness.Until(t, "the server ends with its process", func() bool { return !harness.Alive(servers[i]) })
	}
	if !harness.Alive(servers[0]) {
		t.Error("the first server has ended")
	}
	h.ConnectTo(t, "/a").Expect(t, strconv.Itoa(processes[0]))
	h.end(t, 0)
}

// The server ends with the status of its process, though another server has started that, and the
// first one with it.
func TestExitStatus(t *testing.T) {
	t.Parallel()
	for _, lifetime := range []string{"--resume=1m", "--shared"} {
		t.Run(lifetime[2:5], func(t *testing.T) {
			t.Parallel()
			h := start(t, append([]string{"--exitwithchild", lifetime}, talking(t)...)...)
			c := h.Connect(t)
			c.Text("1")
			if _, err := c.Receive(); err != nil {
				t.Fatal(err)
			}
			h.upgrade(t)
			c = h.Connect(t)
			c.Text("end") // in a session of its own, where there are sessions
			h.ends(t, 3)
		})
	}
}

// A server that is to end with a program that lives for a connection is not replaced: the new one would
// not know of it.
func TestOnceIsNotReplaced(t *testing.T) {
	t.Parallel()
	for _, flag := range []string{"--once", "--exitwithchild"} {
		o := options(t, append([]string{flag, "--admin=unix:admin.sock"}, talking(t)...)...)
		h := startWith(t, o)
		c := h.Connect(t)
		if out, err := h.ctl(t, o, "upgrade"); err == nil || !strings.Contains(out, "(--once, --exitwithchild)") {
			t.Errorf("%s: %v: %s", flag, err, out)
		}
		c.Text("end")
		h.ends(t, 3)
	}
}

// The first server passes SIGUSR1 on: the state that is logged is that of the newest one.
func TestStateOfTheNewest(t *testing.T) {
	t.Parallel()
	h, servers, _ := lineage(t)
	h.Signal(t, syscall.SIGUSR1)
	h.Out.Await(t, "State of goroutines  ", "cli.stateLog.write")
	state := h.Out.With("State                       : ")
	if newest := "process " + strconv.Itoa(servers[2]) + ", "; len(state) != 1 || !strings.Contains(state[0], newest) {
		t.Errorf("%q, expected %q", state, newest)
	}
	if lines := h.Out.With("State of a program          : a at /a, shared, ", "1 process"); len(lines) != 1 {
		t.Errorf("%q", lines)
	}
	h.end(t, 0)
}

// SIGUSR2 that reaches a server which was replaced, because the first one has not heard of that yet, is
// passed on: the newest one is replaced.
func TestSignalOfTheReplaced(t *testing.T) {
	t.Parallel()
	h, servers, _ := lineage(t)
	if err := syscall.Kill(servers[1], syscall.SIGUSR2); err != nil {
		t.Fatal(err)
	}
	h.awaitReplaced(t)
	h.end(t, 0)
}
