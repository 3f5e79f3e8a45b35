package config

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"websocketd/test/harness"
)

// cleansUp is a program that says so in a file when its input ends.
func cleansUp(note string) []string {
	return []string{"sh", "-c", `echo ready; while read x; do :; done; echo yes >"$0"`, note}
}

// A server without a file ends at SIGHUP as at SIGTERM: its terminal is gone. What
// terminals send twice is not a second signal.
func TestHangup(t *testing.T) {
	t.Parallel()
	note := filepath.Join(t.TempDir(), "note")
	s := harness.Start(t, harness.Binary(t), append([]string{"--closems=60000"}, cleansUp(note)...)...)
	c := s.Connect(t)
	c.Expect(t, "ready")
	s.Signal(t, syscall.SIGHUP)
	s.Out.Await(t, "Stopping                    : hangup")
	s.Signal(t, syscall.SIGHUP)
	if _, end := c.Rest(t); end.Code != 1001 {
		t.Errorf("the client was told %d %s", end.Code, end.Reason)
	}
	if status := s.Wait(t); status != 0 {
		t.Errorf("exit status %d", status)
	}
	if _, err := os.Stat(note); err != nil {
		t.Error("the program did not come to its cleaning up")
	}
}

// Under nohup it goes on.
func TestHangupIgnored(t *testing.T) {
	t.Parallel()
	s := harness.Options{Bin: harness.Binary(t), Args: []string{"cat"}, Shell: "trap '' HUP"}.Start(t)
	c := s.Connect(t)
	s.Signal(t, syscall.SIGHUP)
	c.Echo(t, "still there")
	s.Signal(t, syscall.SIGHUP)
	c.Echo(t, "still there")
	if lines := s.Out.With("Stopping"); len(lines) > 0 {
		t.Errorf("%q", lines)
	}
}

// A pipe in the place of the file is not waited for, at the start and later, and
// signals are answered.
func TestPipeForAFile(t *testing.T) {
	t.Parallel()
	f := newFile(t, says("a", "one"))
	s := f.start()
	if err := os.Remove(f.path); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(f.path, 0o600); err != nil {
		t.Fatal(err)
	}
	reload(t, s, notTaken)
	s.Out.Await(t, "ERROR", f.path+": cannot be read: is not a regular file")
	s.ConnectTo(t, "/a").Expect(t, "one")
	s.Signal(t, syscall.SIGTERM)
	if status := s.Wait(t); status != 0 {
		t.Errorf("exit status %d", status)
	}
	again := harness.Options{Bin: harness.Binary(t), Args: []string{"--config=" + f.path}}.Launch(t)
	if status := again.Wait(t); status != 2 || !again.Err.Has("is not a regular file") {
		t.Errorf("started with a pipe: exit status %d, %s", status, again.Err)
	}
}
