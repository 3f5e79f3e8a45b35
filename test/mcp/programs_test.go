package mcp

import (
	"net"
	"os/exec"
	"testing"

	"websocketd/test/harness"
)

// listening starts a server that is not ours, waits until it accepts connections, and ends it
// with the test.
func listening(t *testing.T, cmd *exec.Cmd, addr string) {
	t.Helper()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	harness.Until(t, "a server listens on "+addr, func() bool {
		c, err := net.Dial("tcp", addr)
		if err == nil {
			c.Close()
		}
		return err == nil
	})
}
