package manager

import (
	"fmt"
	"path/filepath"
	"syscall"
	"testing"

	"websocketd/test/harness"
)

// TestHangup: SIGHUP gives a program that the file has otherwise now another process without a gap:
// its viewers stay, with a note. One that was stopped by hand stays so.
func TestHangup(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "config.toml")
	write := func(word string) {
		harness.WriteFile(t, file, programs(2, func(int) string {
			return fmt.Sprintf("command = [\"/bin/sh\", \"-c\", \"echo %s; exec cat\"]\nmin_uptime = 100", word)
		}), 0o600)
	}
	write("old")
	admin := fmt.Sprintf("127.0.0.1:%d", harness.FreePort(t))
	o := harness.Options{Bin: harness.Binary(t), Args: []string{"--admin=" + admin, "--admintoken=none", "--config=" + file}}
	s := startManaged(t, o, admin)
	before := s.awaitOnline(t, name(0)).Data
	s.awaitOnline(t, name(1))
	s.must(t, "stop", name(1))
	v := s.ConnectTo(t, "/"+name(0))
	v.Expect(t, "old")
	write("new")
	s.Signal(t, syscall.SIGHUP)
	v.Expect(t, "[websocketd: restarted after signal: SIGTERM]", "new")
	v.Echo(t, "to the new one")
	if now := s.awaitOnline(t, name(0)).Data; now.Pid == before.Pid || now.Restarts != 1 {
		t.Errorf("%+v after %+v", now, before)
	}
	if now := s.info(t, name(1)).Data; now.Status != "stopped" {
		t.Errorf("%+v", now)
	}
	s.must(t, "start", name(1))
	s.ConnectTo(t, "/"+name(1)).Expect(t, "new")
}
