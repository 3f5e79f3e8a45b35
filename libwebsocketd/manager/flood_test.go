//go:build unix

package manager

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"websocketd/libwebsocketd"
)

// TestReloadOfFlood: a process that writes more than is kept before it is ready, and never is, or
// ends, fails the reload; the one before goes on.
func TestReloadOfFlood(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		flood   string
		timeout time.Duration
		why     string
	}{
		{"exec yes", 300 * time.Millisecond, "was given up: it was not ready within 300ms"},
		{"yes | head -n 8000; exit 3", 10 * time.Minute, "has ended before it was ready"},
	} {
		t.Run(test.flood, func(t *testing.T) {
			t.Parallel()
			floods := filepath.Join(t.TempDir(), "floods")
			f := supervise(t, func(f *fixture) []libwebsocketd.Program {
				script := "if test -e " + floods + "; then " + test.flood + "; fi; echo up; exec cat"
				return []libwebsocketd.Program{f.script("a", script, App{History: 4096, Ready: &Ready{Line: "^up$", Timeout: test.timeout}})}
			})
			f.until(func() bool { return f.one("a").Status == Online })
			before := f.one("a").Pid
			if err := os.WriteFile(floods, nil, 0o600); err != nil {
				t.Fatal(err)
			}
			if err := f.Manager.Reload(t.Context(), "a"); err == nil || !strings.Contains(err.Error(), test.why) {
				t.Errorf("%v", err)
			}
			if now := f.one("a"); now.Pid != before || now.Status != Online {
				t.Errorf("%+v", now)
			}
		})
	}
}
