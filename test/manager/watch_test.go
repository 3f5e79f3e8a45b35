package manager

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"websocketd/test/harness"
)

// TestPoint16: with watch, changing a file under cwd restarts once, however many files change together
// and whatever an editor does to save one; new directories are looked at too. Ignored paths do not
// restart it, and neither do its own log files.
func TestPoint16(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, sub := range []string{"node_modules", ".git", "lib", "build"} {
		if err := os.Mkdir(filepath.Join(dir, sub), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	s := manage(t, fmt.Sprintf(`[program.api]
		command = ["/bin/sh", "-c", "while read line; do echo $line; done"]
		lifetime = "supervised"
		cwd = %q
		watch = true
		ignore_watch = ["build", "*.tmp"]
		out_file = %q
		log_size = 1
	`, dir, filepath.Join(dir, "own.out")))
	first := s.awaitOnline(t, "api").Data.Pid
	o := s.connect(t, "process_status", "process_event")
	write := func(name string) {
		t.Helper()
		harness.WriteFile(t, filepath.Join(dir, name), "x", 0o600)
	}
	// together makes changes of which the server sees the first when the last is done.
	together := func(change func()) {
		t.Helper()
		s.Signal(t, syscall.SIGSTOP)
		harness.Until(t, "it stands still", func() bool { return harness.Stopped(s.PID) })
		change()
		s.Signal(t, syscall.SIGCONT)
	}
	ignored := func() {
		t.Helper()
		for _, name := range []string{"node_modules/a.js", ".git/HEAD", "lib/debug.log", "build/a.js", "lib/a.tmp", ".a.js.swp", "a.js~"} {
			write(name)
		}
		viewer := s.ConnectTo(t, "/api")
		defer viewer.Close()
		if err := viewer.Text("line"); err != nil { // into its log file, which is rotated
			t.Fatal(err)
		}
		viewer.Expect(t, "line")
	}
	restarts := 0
	once := func(what string) {
		t.Helper()
		restarts++
		if got := words(o.until("event restarted")); got != "stopping after online, starting after stopping, online after starting, event restarted" {
			t.Errorf("%s: %s", what, got)
		}
		if now := s.info(t, "api").Data; now.Restarts != restarts {
			t.Errorf("%s: %+v", what, now)
		}
	}

	ignored()
	together(func() {
		for _, name := range []string{"a.js", "lib/b.js", "lib/c.js", "a.js"} {
			write(name)
		}
	})
	once("several files")
	ignored()
	write("lib/.b.js.new")
	if err := os.Rename(filepath.Join(dir, "lib/.b.js.new"), filepath.Join(dir, "lib/b.js")); err != nil {
		t.Fatal(err)
	}
	once("a file that is replaced")
	together(func() {
		if err := os.MkdirAll(filepath.Join(dir, "new/deep"), 0o700); err != nil {
			t.Error(err)
		}
	})
	once("a new directory")
	together(func() { write("new/deep/d.js") })
	once("a file in it")
	if err := os.Remove(filepath.Join(dir, "a.js")); err != nil {
		t.Fatal(err)
	}
	once("a file that is removed")
	if now := s.info(t, "api").Data; now.Pid == first || now.Status != "online" {
		t.Errorf("%+v after PID %d", now, first)
	}
	if line := s.Out.Await(t, "CHANGED", "new/deep/d.js"); !strings.Contains(line, "api") {
		t.Error(line)
	}
}
