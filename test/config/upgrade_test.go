package config

import (
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"testing"
	"time"

	"websocketd/test/harness"
)

// SIGHUP counts whenever it comes: what the file says by then is served, also if it has come while
// another server took over, which had read the file before.
func TestHangupDuringUpgrade(t *testing.T) {
	t.Parallel()
	f := newFile(t, says("a", "0"))
	admin := "127.0.0.1:" + strconv.Itoa(harness.FreePort(t))
	s := f.start("--admin="+admin, "--admintoken=none")
	for round := range 4 {
		want := f.rewriteDuring(s, round, func() error {
			out, err := exec.CommandContext(harness.Context(t), s.Exe, "ctl", "upgrade", "--admin="+admin).CombinedOutput()
			if err != nil {
				return fmt.Errorf("%w: %s", err, out)
			}
			return nil
		})
		got := ""
		newest := func() bool { got = firstWord(t, s, "/a"); return got == want }
		if !harness.Within(harness.Patience(t), newest) {
			t.Fatalf("round %d: %q is served, and the file says %q", round, got, want)
		}
	}
}

// rewriteDuring writes the file again and again, each time with SIGHUP, as long as something takes,
// and returns what it says at last.
func (f file) rewriteDuring(s *harness.Server, round int, something func() error) (word string) {
	f.t.Helper()
	over := make(chan error, 1)
	go func() { over <- something() }()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for n := 0; ; n++ {
		word = fmt.Sprint(round, "-", n)
		next := file{f.t, f.path + ".next"} // the file is never there in part
		next.write(says("a", word))
		if err := os.Rename(next.path, f.path); err != nil {
			f.t.Fatal(err)
		}
		s.Signal(f.t, syscall.SIGHUP)
		select {
		case err := <-over:
			if err != nil {
				f.t.Fatal(err)
			}
			return word
		case <-tick.C:
		}
	}
}

// firstWord returns what a program says first; "" if there is no answer now.
func firstWord(t *testing.T, s *harness.Server, path string) string {
	c := s.Ask(t, harness.Handshake(path))
	defer c.Close()
	if c.Status() != 101 {
		return ""
	}
	m, _ := c.Receive()
	return string(m.Data)
}
