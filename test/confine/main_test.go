// Package confine tests what keeps the processes of programs within bounds, through the real
// binary: another user, limits, nice value and umask, for every way a process is started.
package confine

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"websocketd/test/harness"
)

func TestMain(m *testing.M) { harness.Main(m) }

// serveFile runs our binary with a file, in its directory.
func serveFile(t *testing.T, content string, args ...string) *harness.Server {
	t.Helper()
	dir := t.TempDir()
	harness.WriteFile(t, filepath.Join(dir, "f.toml"), content, 0o600)
	return harness.Options{Bin: harness.Binary(t), Dir: dir, Args: append([]string{"--config=f.toml"}, args...)}.Start(t)
}

// says returns the first message of the program at a path.
func says(t *testing.T, s *harness.Server, path string) string {
	t.Helper()
	m, err := s.ConnectTo(t, path).Receive()
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return string(m.Data)
}

// refused demands that our binary does not start with a file, and says why.
func refused(t *testing.T, content, why string, args ...string) {
	t.Helper()
	dir := t.TempDir()
	harness.WriteFile(t, filepath.Join(dir, "f.toml"), content, 0o600)
	s := harness.Options{Bin: harness.Binary(t), Dir: dir, Args: append([]string{"--config=f.toml"}, args...)}.Launch(t)
	if status := s.Wait(t); status != 2 || !strings.Contains(s.Err.String(), why) {
		t.Errorf("status %d, %s, expected %q", status, s.Err, why)
	}
}

// needRoot skips a test that only root can do.
func needRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		harness.Skip(t, "root", "a program of another user")
	}
}
