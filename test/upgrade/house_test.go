package upgrade

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"websocketd/test/harness"
)

// house is a server that is replaced again and again.
type house struct {
	*harness.Server
	replaced int
}

// options are those of a server of ours.
func options(t *testing.T, args ...string) harness.Options {
	t.Helper()
	return harness.Options{Bin: harness.Binary(t), Args: args, Dir: t.TempDir()}
}

func start(t *testing.T, args ...string) *house {
	t.Helper()
	return startWith(t, options(t, args...))
}

func startWith(t *testing.T, o harness.Options) *house {
	t.Helper()
	return &house{Server: o.Start(t)}
}

// upgrade replaces the server, by a signal to the first one.
func (h *house) upgrade(t *testing.T) {
	t.Helper()
	h.Signal(t, syscall.SIGUSR2)
	h.awaitReplaced(t)
}

// awaitReplaced waits until one more server has taken over, and the one before knows it.
func (h *house) awaitReplaced(t *testing.T) {
	t.Helper()
	h.replaced++
	for _, word := range []string{"Took over ", "Replaced "} {
		harness.Until(t, fmt.Sprintf("%q is logged %d times", word, h.replaced), func() bool {
			return len(h.Out.With(word)) >= h.replaced || h.Out.Has("Not replaced") || h.Exited()
		})
	}
	if h.Out.Has("Not replaced") || h.Exited() {
		t.Fatal("the server was not replaced")
	}
}

// server returns the pid of the server that takes requests now.
func (h *house) server(t *testing.T) (pid int) {
	t.Helper()
	lines := h.Out.With("Took over ")
	if len(lines) == 0 {
		return h.PID
	}
	return pidIn(t, lines[len(lines)-1])
}

// pidIn returns the number behind the word process in a line of the log.
func pidIn(t *testing.T, line string) (pid int) {
	t.Helper()
	_, message, _ := strings.Cut(line, "process ")
	if _, err := fmt.Sscan(message, &pid); err != nil {
		t.Fatalf("there is no pid in %q", line)
	}
	return pid
}

// talking returns the command of a program that says messages and answers them.
func talking(t *testing.T, flags ...string) []string {
	t.Helper()
	return append([]string{harness.Child(t), "talk"}, flags...)
}

// write makes a file in a server's directory.
func write(t *testing.T, o harness.Options, name, text string) {
	t.Helper()
	harness.WriteFile(t, filepath.Join(o.Dir, name), text, 0o644)
}

// end ends all by SIGTERM to the first server, and demands its exit status and that nothing is left.
func (h *house) end(t *testing.T, status int) {
	t.Helper()
	h.Signal(t, syscall.SIGTERM)
	h.ends(t, status)
}

// ends waits for the end, and demands its exit status and that nothing is left.
func (h *house) ends(t *testing.T, status int) {
	t.Helper()
	if got := h.Wait(t); got != status {
		t.Errorf("exit status %d, not %d", got, status)
	}
	harness.NothingLeft(t, h.Server)
}

// ctl runs websocketd ctl in the server's directory.
func (h *house) ctl(t *testing.T, o harness.Options, args ...string) (out string, err error) {
	t.Helper()
	cmd := exec.Command(harness.PlainBinary(t), append([]string{"ctl"}, append(args, "--admin=unix:admin.sock")...)...)
	cmd.Dir = o.Dir
	text, err := cmd.CombinedOutput()
	return string(text), err
}
