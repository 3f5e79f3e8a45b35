package promises

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"websocketd/test/harness"
)

// A program that became another user, whom the server may not signal, keeps its place
// as long as it is there, and the log says why.
func TestAnotherUsersProcessKeepsItsPlace(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		harness.Skip(t, "root", "a program with the set-user-ID bit")
	}
	harness.Need(t, "setpriv")
	dir := t.TempDir()
	os.Chmod(filepath.Dir(dir), 0o755) // nobody is to get to what is in there
	program := filepath.Join(dir, "otheruser")
	code, err := os.ReadFile(harness.CProgram(t, "otheruser"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(program, code, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(program, 0o755|os.ModeSetuid); err != nil {
		t.Fatal(err)
	}
	s := harness.Options{
		Bin:   harness.Binary(t),
		Shell: `test $# -gt 0 && exec setpriv --reuid=65534 --regid=65534 --clear-groups "$0" "$@"`,
		Args:  []string{"--maxforks=2", program},
	}.Start(t)
	t.Cleanup(func() { killAll(s.Children()) }) // before the server, which could not
	s.Connect(t).Expect(t, "up")
	c := s.Connect(t)
	c.Expect(t, "up")
	c.Leave(t)
	line := s.Out.Await(t, "runs as another user", "its place is taken")
	if !strings.Contains(line, "(so held: 1)") {
		t.Errorf("the log says %s", line)
	}
	if status := s.Ask(t, harness.Handshake("/")).Status(); status != 429 {
		t.Errorf("a third client gets %d while both processes are there", status)
	}
	killAll(s.Children())
	s.ConnectWhenFree(t).Expect(t, "up")
}

func killAll(pids []int) {
	for _, pid := range pids {
		syscall.Kill(pid, syscall.SIGKILL)
	}
}
