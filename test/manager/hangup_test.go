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

// TestHangupOther: with settings with which its viewers cannot stay a program is started again. They
// are told to come back, and whoever comes gets the next process, also while the one before ends.
func TestHangupOther(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "config.toml")
	write := func(word, history string) {
		harness.WriteFile(t, file, programs(1, func(int) string {
			return fmt.Sprintf("command = [\"/bin/sh\", \"-c\", \"trap 'sleep 0.3; exit 3' TERM; echo %s; while :; do sleep 0.05; done\"]\nhistory = %q", word, history)
		}), 0o600)
	}
	write("old", "64K")
	admin := fmt.Sprintf("127.0.0.1:%d", harness.FreePort(t))
	s := startManaged(t, harness.Options{Bin: harness.Binary(t), Args: []string{"--admin=" + admin, "--admintoken=none", "--config=" + file}}, admin)
	s.awaitOnline(t, name(0))
	v := s.ConnectTo(t, "/"+name(0))
	v.Expect(t, "old")
	o := s.connect(t, "process_status")
	write("new", "128K")
	s.Signal(t, syscall.SIGHUP)
	o.until("stopping after online")
	early := harness.DialTo(t, s.Addr)
	early.Send(t, harness.Handshake("/"+name(0)).String())
	if _, end := v.Rest(t); end.Code != 1012 {
		t.Error(end)
	}
	s.ConnectTo(t, "/"+name(0)).Expect(t, "new")
	if err := early.ReadResponse(); err != nil || early.Status() != 101 {
		t.Fatal(err, early.Response)
	}
	early.Expect(t, "new")
}
