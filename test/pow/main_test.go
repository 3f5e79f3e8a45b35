// Package pow speaks pow-1 to the real binary, over WebSocket and HTTP, with clients that know
// nothing of the server's code.
package pow

import (
	"os"
	"path/filepath"
	"testing"

	"websocketd/test/harness"
)

func TestMain(m *testing.M) { harness.Main(m) }

// serve runs our binary with --pow and the programs of a configuration file; flags are more.
func serve(t *testing.T, programs string, flags ...string) *harness.Server {
	t.Helper()
	file := filepath.Join(t.TempDir(), "websocketd.toml")
	if err := os.WriteFile(file, []byte(programs), 0o600); err != nil {
		t.Fatal(err)
	}
	return harness.Start(t, harness.Binary(t), append([]string{"--config=" + file, "--pow"}, flags...)...)
}
