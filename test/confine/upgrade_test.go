package confine

import (
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"websocketd/test/harness"
)

// TestUpgrade: a confined process and its group are handed over to another server, and what has left
// the session still ends with the process.
func TestUpgrade(t *testing.T) {
	t.Parallel()
	needCgroups(t)
	admin := "127.0.0.1:" + strconv.Itoa(harness.FreePort(t))
	s := harness.Start(t, harness.Binary(t), "--admin="+admin, "--admintoken=none", "--shared", "--start=eager", "--restart=always", "--cgroup", "--nice=19", "sh", "-c",
		`setsid sh -c 'trap "" TERM HUP INT; exec sleep 600' & echo $! $$; exec cat`)
	first := says(t, s, "/")
	if out, err := exec.CommandContext(harness.Context(t), s.Exe, "ctl", "upgrade", "--admin="+admin).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if again := says(t, s, "/"); again != first {
		t.Fatalf("%q, and after the upgrade %q", first, again)
	}
	left, leader, _ := strings.Cut(first, " ")
	pid, err := strconv.Atoi(leader)
	if err != nil {
		t.Fatal(err)
	}
	syscall.Kill(pid, syscall.SIGKILL)
	harness.Until(t, "what has left the session has ended", func() bool { return isGone(t, left) })
	s.Out.Await(t, "RESTARTED")
}
