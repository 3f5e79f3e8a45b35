package confine

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"websocketd/test/harness"
)

// needCgroups skips a test where this process may not make control groups.
func needCgroups(t *testing.T) {
	t.Helper()
	s := harness.Options{Bin: harness.PlainBinary(t), Args: []string{"--cgroup", "--config=" + emptyFile(t), "--checkconfig"}}.Launch(t)
	if s.Wait(t) != 0 {
		harness.Skip(t, "cgroup", strings.TrimSpace(s.Err.String()))
	}
}

// emptyFile returns the name of a file with one program.
func emptyFile(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "f.toml")
	harness.WriteFile(t, file, "[program.a]\ncommand = [\"cat\"]\n", 0o600)
	return file
}

// leaves is a script whose child leaves its session, and tells its pid and its group.
const leaves = `setsid sh -c 'trap "" TERM HUP INT; echo $$ $(grep -o "websocketd.[0-9]*/[0-9]*$" /proc/$$/cgroup); exec sleep 600' & cat`

// TestCgroupEndsAll: what has left the session ends with the process of its group, in every lifetime,
// and no group is left.
func TestCgroupEndsAll(t *testing.T) {
	t.Parallel()
	needCgroups(t)
	for name, args := range map[string][]string{
		"connection": {"--cgroup"},
		"confined":   {"--cgroup", "--nice=19"},
		"prefork":    {"--cgroup", "--prefork=1"},
		"shared":     {"--cgroup", "--shared"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := harness.Start(t, harness.Binary(t), append(args, "sh", "-c", leaves)...)
			c := s.Connect(t)
			m, err := c.Receive()
			if err != nil {
				t.Fatal(err)
			}
			pid, group, _ := strings.Cut(string(m.Data), " ")
			if !strings.HasPrefix(group, "websocketd."+strconv.Itoa(s.PID)+"/") {
				t.Errorf("its group is %q", group)
			}
			c.Leave(t)
			harness.Until(t, "what has left the session has ended", func() bool { return isGone(t, pid) })
		})
	}
}

// TestNoCgroup: without the flag it goes on, so it is the group that ends it.
func TestNoCgroup(t *testing.T) {
	t.Parallel()
	harness.Need(t, "setsid")
	s := harness.Start(t, harness.Binary(t), "sh", "-c", "setsid sleep 600 & echo $!; cat")
	c := s.Connect(t)
	m, err := c.Receive()
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(string(m.Data))
	if err != nil {
		t.Fatal(err)
	}
	c.Leave(t)
	harness.Until(t, "the client is gone", func() bool { return len(s.Out.With("| DISCONNECT")) > 0 })
	if isGone(t, strconv.Itoa(pid)) {
		t.Error("it has ended")
	}
	syscall.Kill(pid, syscall.SIGKILL)
}

// TestCgroupOfKilledServer: a server that is killed leaves neither what is in its groups nor these.
func TestCgroupOfKilledServer(t *testing.T) {
	t.Parallel()
	needCgroups(t)
	s := harness.Start(t, harness.Binary(t), "--cgroup", "sh", "-c", leaves)
	m, err := s.Connect(t).Receive()
	if err != nil {
		t.Fatal(err)
	}
	pid, _, _ := strings.Cut(string(m.Data), " ")
	s.Signal(t, syscall.SIGKILL)
	s.Wait(t)
	harness.Until(t, "what has left the session has ended", func() bool { return isGone(t, pid) })
	harness.Until(t, "no group is left", func() bool {
		out, err := exec.Command("find", "/sys/fs/cgroup", "-name", "websocketd."+strconv.Itoa(s.PID)).Output()
		return err == nil && len(out) == 0
	})
}

// isGone reports whether a process is no more, or only a zombie.
func isGone(t *testing.T, pid string) bool {
	t.Helper()
	stat, err := os.ReadFile("/proc/" + pid + "/stat")
	return err != nil || strings.Contains(string(stat), ") Z ")
}

// TestCgroupRefused: limits that the system cannot keep are refused, with the group and what it lacks.
func TestCgroupRefused(t *testing.T) {
	t.Parallel()
	file := emptyFile(t)
	for _, limit := range []string{"--memorymax=64M", "--pidsmax=9", "--cpumax=50%"} {
		s := harness.Options{Bin: harness.PlainBinary(t), Args: []string{limit, "--config=" + file, "--checkconfig"}}.Launch(t)
		status, said := s.Wait(t), s.Err.String()
		switch {
		case status == 0: // this system can
		case status != 1 || !strings.Contains(said, "control group"):
			t.Errorf("%s: status %d, %s", limit, status, said)
		}
	}
}

// TestCgroupLimits: what happens beyond the limits, where the system can keep them.
func TestCgroupLimits(t *testing.T) {
	t.Parallel()
	needController(t, "--memorymax=64M")
	s := harness.Start(t, harness.Binary(t), "--memorymax=64M", "--nice=19", "sh", "-c", `x=$(head -c 200000000 /dev/zero | tr '\0' x); echo ${#x}`)
	if said, end := s.Connect(t).Rest(t); end.Code != 4000+128+9 || len(said) > 0 {
		t.Errorf("more memory: %q, %v", said, end)
	}
	needController(t, "--pidsmax=9")
	s = harness.Start(t, harness.Binary(t), "--pidsmax=3", "--stderr=merge", "sh", "-c", "sleep 600 & sleep 600 & sleep 600 & echo more")
	if said, _ := s.Connect(t).Rest(t); len(said) != 1 || !strings.Contains(said[0], "ork") {
		t.Errorf("more processes: %q", said)
	}
}

// needController skips a test where this process may not have a limit.
func needController(t *testing.T, limit string) {
	t.Helper()
	s := harness.Options{Bin: harness.PlainBinary(t), Args: []string{limit, "--config=" + emptyFile(t), "--checkconfig"}}.Launch(t)
	if s.Wait(t) != 0 {
		harness.Skip(t, "cgroup", strings.TrimSpace(s.Err.String()))
	}
}
