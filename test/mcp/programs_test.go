package mcp

import (
	"fmt"
	"net"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"websocketd/test/harness"
)

// served is an MCP server at a URL, and what it writes to stderr.
type served struct {
	url    string
	stderr *harness.Lines
	ours   *harness.Server // nil if it is not ours
	deaf   bool            // the program is not told that a call is given up
	plain  bool            // it is a WebSocket, which has no sessions
}

// awaitCancelled waits until the program was told that the client has given up a call.
func (s served) awaitCancelled(t *testing.T, call string) {
	t.Helper()
	if !s.deaf {
		s.stderr.Await(t, "cancelled: "+call)
	}
}

// checkProcesses checks what is left of our processes when every client has said goodbye: those of
// sessions have ended, the one that serves everybody is kept.
func (s served) checkProcesses(t *testing.T, era string) {
	t.Helper()
	switch {
	case s.ours == nil:
	case era == legacy:
		harness.NoSurvivors(t, s.ours)
	case len(s.ours.Children()) != 1:
		t.Errorf("%d processes, want one", len(s.ours.Children()))
	}
}

// ownHTTP starts a program made with the Go SDK with the SDK's own HTTP, which serves one era.
// Version 1.8.0 does not cancel a call whose client has gone away, in the era that wants it.
func ownHTTP(t *testing.T, program, era string) served {
	t.Helper()
	addr := fmt.Sprintf("127.0.0.1:%d", harness.FreePort(t))
	cmd := exec.CommandContext(harness.Context(t), program, "-http", addr, fmt.Sprintf("-stateless=%v", era == modern))
	stderr := &harness.Lines{}
	cmd.Stderr = stderr
	listening(t, cmd, addr)
	return served{url: "http://" + addr + "/mcp", stderr: stderr, deaf: era == modern}
}

// through starts our binary with a program, and with flags.
func through(t *testing.T, program []string, flags ...string) served {
	t.Helper()
	s := harness.Start(t, harness.Binary(t), slices.Concat(flags, []string{"--mcp"}, program)...)
	return served{url: "http://" + s.Addr + "/", stderr: s.Out, ours: s}
}

// The eras of the protocol: with sessions, up to 2025-11-25, and without. In the older one a
// process may be shared.
const (
	legacy = "legacy"
	modern = "modern"
	shared = "shared"
)

var sdkServerBuilt = sync.OnceValues(func() (string, error) {
	path := filepath.Join(buildDir(), "sdkserver")
	out, err := exec.Command("go", "build", "-o", path, "./sdkserver").CombinedOutput()
	if err != nil {
		err = fmt.Errorf("%w\n%s", err, out)
	}
	return path, err
})

// sdkServer returns the program in sdkserver.
func sdkServer(t *testing.T) string {
	t.Helper()
	path, err := sdkServerBuilt()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

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
