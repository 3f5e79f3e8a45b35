//go:build unix

package cli

import (
	"log/slog"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"testing/synctest"
)

// TestExecutableFrom: a new server is started by the link that the old one was called by, and by the
// path of its file if it was called by a name of somebody else.
func TestExecutableFrom(t *testing.T) {
	own, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	link, other := filepath.Join(dir, "linked"), filepath.Join(dir, "other")
	if err := os.Symlink(own, link); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(other, nil, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir)
	t.Chdir(dir)
	for called, want := range map[string]string{link: link, "." + string(filepath.Separator) + "linked": link, "linked": link, other: own, "none": own, "": own} {
		if got, err := executableFrom(called); got != want || err != nil {
			t.Errorf("called %q: %s, %v, expected %s", called, got, err, want)
		}
	}
}

// A second signal ends a server whose upgrade does not end by the first one.
func TestRunWhileUpgrading(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := &fakeServer{stopped: make(chan struct{})}
		signals, given := make(chan os.Signal, 2), error(nil)
		s := &service{limit: shutdownLimit, server: fake, launcher: fake, log: slog.New(slog.DiscardHandler),
			upgrades: upgrader{done: make(chan upgraded), cancel: func(why error) { given = why }}}
		status := make(chan int)
		go func() { status <- s.run(signals) }()
		signals <- syscall.SIGTERM
		synctest.Wait()
		if given == nil || fake.killed {
			t.Errorf("after one signal: given up: %v, killed: %v", given, fake.killed)
		}
		signals <- syscall.SIGINT
		if got := <-status; got != exitBySignal+int(syscall.SIGINT) || !fake.killed {
			t.Errorf("exit status %d, killed: %v", got, fake.killed)
		}
		close(fake.stopped)
	})
}
