//go:build unix

package manager

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
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
		return []libwebsocketd.Program{f.script("a", "echo one; printf three; echo two >&2; exec cat >/dev/null",
			App{Instances: 2, OutFile: at("out.log"), ErrorFile: at("err.log"), LogFile: at("all"), PidFile: at("pid")})}
	})
	has := func(name, want string) {
		t.Helper()
		f.until(func() bool { text, _ := os.ReadFile(at(name)); return string(text) == want })
	}
	has("err-0.log", "two\n")
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
	if err := l.open(); err != nil {
		t.Fatal(err)
	}
	l.file.Close()
	l.write([]byte("a\n"))
	l.write([]byte("b\n"))
	if len(told) != 1 || !strings.Contains(told[0], "is not complete") {
		t.Errorf("%q", told)
	}
	if err := l.open(); err != nil {
		t.Fatal(err)
	}
	defer l.file.Close()
	l.write([]byte("c\n"))
	if text, _ := os.ReadFile(l.path); string(text) != "c\n" {
		t.Errorf("%q", text)
	}
}

// TestRotationFails: where no new file can be begun, or an old one cannot get its name, no line and no
// file is lost, and that is told once.
func TestRotationFails(t *testing.T) {
	t.Parallel()
	for _, taken := range []string{".next", ".2", ".1"} {
		dir := t.TempDir()
		path := filepath.Join(dir, "log")
		for name, text := range map[string]string{".1": "one", ".2": "two"} {
			if name != taken {
				os.WriteFile(path+name, []byte(text), 0o600)
			}
		}
		os.Mkdir(path+taken, 0o700)
		os.WriteFile(filepath.Join(path+taken, "kept"), nil, 0o600)
		var told []string
		l := &logFile{path: path, most: 4, keep: 2, say: func(what string) { told = append(told, what) }}
		if err := l.open(); err != nil {
			t.Fatal(err)
		}
		defer l.file.Close()
		var all strings.Builder
		for n := range 5 {
			line := fmt.Sprintf("%d..\n", n)
			all.WriteString(line)
			l.write([]byte(line))
		}
		names, _ := filepath.Glob(filepath.Join(dir, "*"))
		var texts []string
		for _, name := range names {
			if text, err := os.ReadFile(name); err == nil {
				texts = append(texts, string(text))
			}
		}
		for _, want := range map[string][]string{".next": {all.String(), "one", "two"}, ".2": {all.String(), "one"}, ".1": {all.String(), "two"}}[taken] {
			if !slices.Contains(texts, want) {
				t.Errorf("%s: %q is missing in %q", taken, want, texts)
			}
		}
		if len(told) != 1 || !strings.Contains(told[0], "is not rotated") {
			t.Errorf("%s: told %q", taken, told)
		}
	}
}

// TestLogFileIsDevice: a device or a pipe keeps its name, and a pipe that nobody reads does not hold
// the server up.
func TestLogFileIsDevice(t *testing.T) {
	t.Parallel()
	m := New(Options{})
	dir := t.TempDir()
	fifo, link := filepath.Join(dir, "fifo"), filepath.Join(dir, "null")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := m.openLog(fifo, &service{}); !errors.Is(err, syscall.ENXIO) {
		t.Errorf("a pipe without a reader: %v", err)
	}
	if err := os.Symlink("/dev/null", link); err != nil {
		t.Fatal(err)
	}
	l, err := m.openLog(link, &service{app: App{LogSize: 4, LogKeep: 2}})
	if err != nil {
		t.Fatal(err)
	}
	defer m.closeLog(l)
	for range 5 {
		l.write([]byte("a line\n"))
	}
	if target, err := os.Readlink(link); err != nil || target != "/dev/null" {
		t.Errorf("%q, %v", target, err)
	}
	if names, _ := filepath.Glob(filepath.Join(dir, "*")); len(names) != 2 {
		t.Errorf("%q", names)
	}
}

// TestPidFileIsRemoved: also when the program has come to have more instances, whose files have
// other names.
func TestPidFileIsRemoved(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "pid")
	f := supervise(t, func(f *fixture) []libwebsocketd.Program {
		return []libwebsocketd.Program{f.script("a", "exec cat", App{PidFile: path})}
	})
	has := func() bool { _, err := os.Stat(path); return err == nil }
	f.until(has)
	f.must(f.Scale(t.Context(), "a", 2))
	f.must(f.Stop(t.Context(), "a"))
	f.until(func() bool { return !has() })
}
