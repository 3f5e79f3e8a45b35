package cli

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"websocketd/test/harness"
)

// TestSystemConfig has the system's file, in a mount namespace with an /etc of its own: it is found
// where the user has none, and only then.
func TestSystemConfig(t *testing.T) {
	t.Parallel()
	harness.Need(t, "unshare")
	if out, err := exec.Command("unshare", "--map-root-user", "--mount", "true").CombinedOutput(); err != nil {
		harness.Skip(t, "userns", string(out))
	}
	etc, user := t.TempDir(), t.TempDir()
	for _, dir := range []string{etc, user} {
		if err := os.Mkdir(filepath.Join(dir, "websocketd"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	write := func(dir, program string) {
		harness.WriteFile(t, filepath.Join(dir, "websocketd", "websocketd.toml"), "[program."+program+"]\ncommand = [\"true\"]\n", 0o644)
	}
	check := func(want string) {
		t.Helper()
		cmd := exec.Command("unshare", "--map-root-user", "--mount", "sh", "-c", `mount --bind "$1" /etc && exec "$2" --checkconfig`,
			"sh", etc, harness.PlainBinary(t))
		cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=/nowhere", "XDG_CONFIG_HOME=" + user, "GORACE=atexit_sleep_ms=0"}
		if out, err := cmd.CombinedOutput(); err != nil || string(out) != want+": ok, 1 program\n" {
			t.Errorf("%v: %s, expected %s", err, out, want)
		}
	}
	write(etc, "system")
	check("/etc/websocketd/websocketd.toml")
	write(user, "user")
	check(filepath.Join(user, "websocketd", "websocketd.toml"))
}
