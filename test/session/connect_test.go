package session

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os/exec"
	"testing"

	"websocketd/test/harness"
)

// TestCutConnect: websocketd connect --resume gets every line once and in order, whatever
// happens to its connections.
func TestCutConnect(t *testing.T) {
	t.Parallel()
	for lifetime, flags := range map[string][]string{
		"shared":  {"--shared", "--linger=10m"},
		"session": {"--resume=30s"},
	} {
		t.Run(lifetime, func(t *testing.T) {
			t.Parallel()
			s := harness.Start(t, harness.Binary(t), append(append(flags, "--history=64M", "--pingms=200"), counting(t)...)...)
			surviveConnect(t, s.Addr)
		})
	}
}

// surviveConnect reads what connect prints to the end, through a proxy that cuts.
func surviveConnect(t *testing.T, address string) {
	t.Helper()
	n, gap := cuts(t)
	proxy := harness.NewProxy(t, address)
	c := exec.CommandContext(harness.Context(t), harness.Binary(t), "connect", "--resume", "--pingms=200", "ws://"+proxy.Addr+"/")
	var said bytes.Buffer
	c.Stderr = &said
	in, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	k := &cutter{random: random(t), proxy: proxy, gap: gap, left: n, counts: map[string]int{}, lossy: true, done: func() error {
		io.WriteString(in, "stop\n") // an error is an end, whose status is looked at below
		return nil
	}}
	last, failed := uint64(0), error(nil)
	for lines := bufio.NewScanner(out); failed == nil && lines.Scan(); {
		var number uint64
		if _, err := fmt.Sscan(lines.Text(), &number); err != nil || number != last+1 {
			failed = fmt.Errorf("%.80q after line %d", lines.Text(), last)
			break
		}
		last = number
		failed = k.passed(last)
	}
	if failed != nil {
		c.Process.Kill()
	}
	c.Wait()
	if status := c.ProcessState.ExitCode(); failed != nil || status != 3 || proxy.Struck() != n {
		t.Errorf("%v: exit status %d after %d of %d faults, line %d\n%s", failed, status, proxy.Struck(), n, last, &said)
	}
	t.Logf("%d lines, %d faults: %v", last, proxy.Struck(), k.counts)
}
