package cli

import (
	"path/filepath"
	"testing"
	"time"

	"websocketd/test/harness"
)

// A server that cannot start when it has its sockets says so at once, and leaves nothing: it does not wait
// for its guardian, which waits 5 seconds for the lock of a socket that is still there. A busy machine
// may take as long for one.
func TestFailsAtOnce(t *testing.T) {
	t.Parallel()
	dir := harness.ShortDir(t)
	harness.WriteFile(t, filepath.Join(dir, "none"), "none", 0o600)
	o := harness.Options{Bin: harness.PlainBinary(t), Args: []string{"--ssl", "--sslcert=none", "--sslkey=none", "cat"}, Dir: dir, Unix: filepath.Join(dir, "s")}
	late := 0
	for range 20 { // often the guardian is not there yet
		began := time.Now()
		if status := o.Launch(t).Wait(t); status != 3 {
			t.Errorf("status %d", status)
		}
		if time.Since(began) > 4*time.Second {
			late++
		}
	}
	if late > 1 {
		t.Errorf("%d of 20 were late", late)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "s*")); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}
