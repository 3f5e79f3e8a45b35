// Package config tests many programs on one port, through the real binary: where
// their settings come from, and what happens when their file is read again. What a
// file may not say, and which URL leads where, is in package cli's scripts.
package config

import (
	"path/filepath"
	"testing"

	"websocketd/test/harness"
)

func TestMain(m *testing.M) { harness.Main(m) }

// file is a configuration file that a test writes again and again.
type file struct {
	t    *testing.T
	path string
}

func newFile(t *testing.T, content string) file {
	t.Helper()
	f := file{t, filepath.Join(t.TempDir(), "websocketd.toml")}
	f.write(content)
	return f
}

func (f file) write(content string) {
	f.t.Helper()
	harness.WriteFile(f.t, f.path, content, 0o644)
}

// start runs a server of the file.
func (f file) start(args ...string) *harness.Server {
	f.t.Helper()
	return harness.Start(f.t, harness.Binary(f.t), append([]string{"--config=" + f.path}, args...)...)
}
