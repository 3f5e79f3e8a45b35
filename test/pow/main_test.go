// Package pow speaks pow-1 to the real binary, over WebSocket and HTTP, with clients that know
// nothing of the server's code.
//
// In make test a thousand calls are counted whose result comes last; make cuts is the long run
// (CALLS=10000).
package pow

import (
	"path/filepath"
	"testing"

	"websocketd/test/harness"
)

func TestMain(m *testing.M) { harness.Main(m) }

// serve runs our binary with --pow and the programs of a configuration file; flags are more.
func serve(t *testing.T, programs string, flags ...string) *harness.Server {
	t.Helper()
	return harness.Start(t, harness.Binary(t), append([]string{"--config=" + config(t, programs), "--pow"}, flags...)...)
}

// config writes a configuration file.
func config(t *testing.T, programs string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "websocketd.toml")
	harness.WriteFile(t, file, programs, 0o600)
	return file
}

// shell returns a program of a configuration file: a script, whose arguments are the
// parameters.
func shell(name, script string) string {
	return "[program." + name + "]\ncommand = [\"/bin/sh\", \"-c\", '''" + script + "''', \"sh\"]\n"
}
