package cli

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

func readFile(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestLogFile: lines are appended, and after Reopen they come to the file that has the name by
// then. A file that cannot be opened again is not given up.
func TestLogFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	if err := os.WriteFile(path, []byte("before\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	l, err := openLogFile(path)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	write := func(line string) {
		if n, err := l.Write([]byte(line)); err != nil || n != len(line) {
			t.Fatalf("%d, %v", n, err)
		}
	}
	write("one\n")
	if err := os.Rename(path, path+".1"); err != nil {
		t.Fatal(err)
	}
	write("two\n")
	if err := l.Reopen(); err != nil {
		t.Fatal(err)
	}
	write("three\n")
	if err := os.Rename(path, path+".2"); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(path, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := l.Reopen(); err == nil {
		t.Error("a directory was opened")
	}
	write("four\n")
	if one, two := readFile(t, path+".1"), readFile(t, path+".2"); one != "before\none\ntwo\n" || two != "three\nfour\n" {
		t.Errorf("%q, %q", one, two)
	}
	if info, err := os.Stat(path + ".2"); err != nil || info.Mode().Perm()&0o007 != 0 {
		t.Errorf("%v, %v: others may read it", info.Mode(), err)
	}
}

// TestLogFileFollows: another file that has the name is taken, and nothing changes while there is none.
func TestLogFileFollows(t *testing.T) {
	(*logFile)(nil).follow()
	path := filepath.Join(t.TempDir(), "log")
	l, err := openLogFile(path)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	write := func(line string) {
		l.follow()
		l.Write([]byte(line))
	}
	write("one\n")
	if err := os.Rename(path, path+".1"); err != nil {
		t.Fatal(err)
	}
	write("two\n")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	write("three\n")
	if one, two := readFile(t, path+".1"), readFile(t, path); one != "one\ntwo\n" || two != "three\n" {
		t.Errorf("%q, %q", one, two)
	}
}

// TestLogFileTorn: what follows a line that was written in part begins on a new line.
func TestLogFileTorn(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	l, err := openLogFile(path)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for _, part := range []string{"half a l", "whole\n", "next\n"} {
		l.Write([]byte(part))
	}
	if got := readFile(t, path); got != "half a l\nwhole\nnext\n" {
		t.Errorf("%q", got)
	}
}

// TestLogFileReopenedWhileWritten: no line is lost, whenever the file is opened again.
func TestLogFileReopenedWhileWritten(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "log")
	l, err := openLogFile(path)
	if err != nil {
		t.Fatal(err)
	}
	const lines = 2000
	var writer sync.WaitGroup
	writer.Go(func() {
		for range lines {
			if _, err := l.Write([]byte("line\n")); err != nil {
				t.Error(err)
			}
		}
	})
	for i := range 100 {
		os.Rename(path, filepath.Join(dir, "log."+strings.Repeat("x", i+1)))
		if err := l.Reopen(); err != nil {
			t.Error(err)
		}
	}
	writer.Wait()
	l.Close()
	files, _ := filepath.Glob(filepath.Join(dir, "*"))
	got := 0
	for _, file := range files {
		got += strings.Count(readFile(t, file), "line\n")
	}
	if got != lines {
		t.Errorf("%d lines in %d files", got, len(files))
	}
}

// TestLogTo: auto is text where the log does not lead to the journal.
func TestLogTo(t *testing.T) {
	file := &logFile{}
	for _, test := range []struct {
		format string
		file   *logFile
		want   string
	}{{"auto", nil, "text"}, {"auto", file, "text"}, {"json", file, "json"}, {"journal", nil, "journal"}} {
		out, flags := invocation{stdout: os.Stdout}.logTo(logFlags{Logformat: test.format}, test.file)
		if flags.Logformat != test.want || (out == os.Stdout) != (test.file == nil) {
			t.Errorf("%s is %s, to %T", test.format, flags.Logformat, out)
		}
	}
}
