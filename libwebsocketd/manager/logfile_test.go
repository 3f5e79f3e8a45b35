//go:build unix

package manager

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"websocketd/libwebsocketd"
)

// TestLogFiles: each stream has its file, both have one, of each instance; and there is a PID file
// as long as there is a process.
func TestLogFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	os.WriteFile(at("out-0.log"), []byte("before\n"), 0o600)
	f := supervise(t, func(f *fixture) []libwebsocketd.Program {
		return []libwebsocketd.Program{f.script("a", "echo one; echo two >&2; printf three; exec cat >/dev/null",
			App{Instances: 2, OutFile: at("out.log"), ErrorFile: at("err.log"), LogFile: at("all"), PidFile: at("pid")})}
	})
	has := func(name, want string) {
		t.Helper()
		f.until(func() bool { text, _ := os.ReadFile(at(name)); return string(text) == want })
	}
	has("err-1.log", "two\n")
	has("pid-1", strconv.Itoa(f.one("a-1").Pid)+"\n")
	f.must(f.Stop(t.Context(), "a"))
	has("out-0.log", "before\none\nthree\n")
	has("out-1.log", "one\nthree\n")
	if all, _ := os.ReadFile(at("all-1")); len(all) != len("one\ntwo\nthree\n") {
		t.Errorf("%q", all)
	}
	if _, err := os.Stat(at("pid-1")); err == nil {
		t.Error("the PID file is still there")
	}
}

// TestLogFileRefused: a file that cannot be opened keeps the program from starting, and says so.
func TestLogFileRefused(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "none", "out")
	f := supervise(t, func(f *fixture) []libwebsocketd.Program {
		return []libwebsocketd.Program{f.script("a", "exec cat", App{NoRestart: true, OutFile: path})}
	})
	f.until(func() bool { return f.one("a").Status == Stopped })
	if why := f.one("a").Why; !strings.Contains(why, "the log file cannot be opened: open "+path+": no such file or directory") {
		t.Error(why)
	}
}

// TestRotation: lines of several processes that write at once are all there, each once and whole,
// and no more files than may be.
func TestRotation(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "log")
	m := New(Options{})
	s := &service{app: App{LogSize: 10_000, LogKeep: 100}}
	var writing sync.WaitGroup
	for w := range 4 {
		l, err := m.openLog(path, s)
		if err != nil {
			t.Fatal(err)
		}
		writing.Go(func() {
			defer m.closeLog(l)
			for n := range 2000 {
				l.write(fmt.Appendf(nil, "%d %d\n", w, n))
			}
		})
	}
	writing.Wait()
	files, _ := filepath.Glob(path + "*")
	var next [4]int
	for n := len(files) - 1; n >= 0; n-- {
		name := path
		if n > 0 {
			name += fmt.Sprint(".", n)
		}
		text, err := os.ReadFile(name)
		if err != nil || len(text) > 10_000 {
			t.Fatalf("%s has %d bytes, %v", name, len(text), err)
		}
		for line := range bytes.Lines(text) {
			var w, n int
			if _, err := fmt.Sscan(string(line), &w, &n); err != nil || n != next[w] {
				t.Fatalf("%q, line %d of %d was next", line, next[w], w)
			}
			next[w]++
		}
	}
	if next != [4]int{2000, 2000, 2000, 2000} || len(files) < 5 {
		t.Errorf("%v in %d files", next, len(files))
	}
	if len(m.files.open) != 0 {
		t.Error("a file is still open")
	}
}

// TestRotationKeeps: the oldest files go.
func TestRotationKeeps(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "log")
	m := New(Options{})
	l, err := m.openLog(path, &service{app: App{LogSize: 10, LogKeep: 2}})
	if err != nil {
		t.Fatal(err)
	}
	defer m.closeLog(l)
	for n := range 9 {
		l.write(fmt.Appendf(nil, "line %d..\n", n))
	}
	for n, want := range []string{"line 8..\n", "line 7..\n", "line 6..\n"} {
		if text, _ := os.ReadFile(l.numbered(n)); string(text) != want {
			t.Errorf("%s has %q", l.numbered(n), text)
		}
	}
	if files, _ := filepath.Glob(path + "*"); len(files) != 3 {
		t.Errorf("%q", files)
	}
}

// TestLogFileFails: a failure is told once, and the program goes on.
func TestLogFileFails(t *testing.T) {
	t.Parallel()
	var told []string
	l := &logFile{path: filepath.Join(t.TempDir(), "log"), most: -1, say: func(what string) { told = append(told, what) }}
	if err := l.reopen(); err != nil {
		t.Fatal(err)
	}
	l.file.Close()
	l.write([]byte("a\n"))
	l.write([]byte("b\n"))
	if len(told) != 1 || !strings.Contains(told[0], "is not complete") {
		t.Errorf("%q", told)
	}
	if err := l.reopen(); err != nil {
		t.Fatal(err)
	}
	defer l.file.Close()
	l.write([]byte("c\n"))
	if text, _ := os.ReadFile(l.path); string(text) != "c\n" {
		t.Errorf("%q", text)
	}
}
