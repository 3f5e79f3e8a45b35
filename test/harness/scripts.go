package harness

import (
	"os"
	"path/filepath"
	"strings"
)

// Scripts makes a directory of executable files. A text without #! becomes a
// /bin/sh script.
func Scripts(t T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if !strings.HasPrefix(text, "#!") {
			text = "#!/bin/sh\n" + text + "\n"
		}
		WriteFile(t, filepath.Join(dir, name), text, 0o755)
	}
	return dir
}

// ShortDir returns a directory for sockets, whose paths must be short. It is removed at the end of the test.
func ShortDir(t T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "w")
	if err != nil {
		t.Fatalf("%v", err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// WriteFile writes a file and the directories above it.
func WriteFile(t T, path, text string, mode os.FileMode) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatalf("%v", err)
	}
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatalf("%v", err)
	}
}

// Environment returns what the process of a request sees. The server's program must
// be env(1).
func (s *Server) Environment(t T, r Request) map[string]string {
	t.Helper()
	lines, _ := s.Open(t, r).Rest(t)
	env := map[string]string{}
	for _, line := range lines {
		name, value, _ := strings.Cut(line, "=")
		if _, twice := env[name]; twice {
			t.Errorf("%s is in the environment twice", name)
		}
		env[name] = value
	}
	return env
}
