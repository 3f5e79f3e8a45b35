package credential

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// written is a file in a new directory.
func written(t testing.TB, content string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "file")
	write(t, name, content)
	return name
}

func write(t testing.TB, name, content string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// reported collects what is reported.
type reported []string

func (r *reported) add(err error) { *r = append(*r, err.Error()) }

// must fails the test if something was reported other than one line with a text; "" is none.
func (r *reported) must(t *testing.T, text string) {
	t.Helper()
	if text == "" && len(*r) == 0 || text != "" && len(*r) == 1 && strings.Contains((*r)[0], text) {
		*r = nil
		return
	}
	t.Errorf("reported %q, expected %q", *r, text)
	*r = nil
}

var errBad = errors.New("it is bad")

// openText opens a file whose first line must not be bad.
func openText(name string, r *reported) (*file[string], error) {
	return openFile(name, r.add, func(data []byte) (string, error) {
		return string(data), eachLine(data, func(line string) error {
			if line == "bad" {
				return errBad
			}
			return nil
		})
	})
}

// lookAgain lets the time pass in which a file is not looked at. The bubble's clock is far
// from that of the file system, so that every change seems to be long ago, or to come.
func lookAgain() { time.Sleep(fileLook) }

func TestFileIsReadAgain(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(t *testing.T, name string)
		want   string
		report string
	}{
		{"changed", func(t *testing.T, name string) { write(t, name, "second") }, "second", ""},
		{"changed in its size alone", func(t *testing.T, name string) {
			write(t, name, "first!")
			touch(t, name, 0)
		}, "first!", ""},
		{"changed within the clock of the file system", func(t *testing.T, name string) {
			write(t, name, "tsrif")
			touch(t, name, 0)
		}, "tsrif", ""},
		{"replaced", func(t *testing.T, name string) {
			write(t, name+".new", "third")
			touch(t, name+".new", 0)
			rename(t, name+".new", name)
		}, "third", ""},
		{"emptied", func(t *testing.T, name string) { write(t, name, "") }, "", ""},
		{"broken", func(t *testing.T, name string) { write(t, name, "good\n\nbad\n") }, "first", ":3: it is bad"},
		{"missing", func(t *testing.T, name string) { rename(t, name, name+".gone") }, "first", "no such file"},
		{"a directory", func(t *testing.T, name string) {
			rename(t, name, name+".gone")
			if err := os.Mkdir(name, 0o700); err != nil {
				t.Fatal(err)
			}
		}, "first", "is a directory"},
	} {
		t.Run(test.name, func(t *testing.T) {
			name := written(t, "first")
			synctest.Test(t, func(t *testing.T) {
				var r reported
				touch(t, name, 0)
				f, err := openText(name, &r)
				if err != nil {
					t.Fatal(err)
				}
				test.change(t, name)
				if got := *f.current(); got != "first" {
					t.Errorf("%q was read within a second", got)
				}
				lookAgain()
				if got := *f.current(); got != test.want {
					t.Errorf("it says %q, expected %q", got, test.want)
				}
				r.must(t, test.report)
				lookAgain()
				f.current()
				r.must(t, "") // once is enough
			})
		})
	}
}

// A broken file is told of again after it was good.
func TestFileIsMended(t *testing.T) {
	name := written(t, "first")
	synctest.Test(t, func(t *testing.T) {
		var r reported
		f, err := openText(name, &r)
		if err != nil {
			t.Fatal(err)
		}
		for _, step := range []struct{ content, want, report string }{
			{"bad", "first", ":1: it is bad"}, {"bad\n", "first", ""}, {"first", "first", ""}, {"bad", "first", ":1: it is bad"}, {"last", "last", ""},
		} {
			write(t, name, step.content)
			lookAgain()
			if got := *f.current(); got != step.want {
				t.Errorf("%q: it says %q", step.content, got)
			}
			r.must(t, step.report)
		}
	})
}

// The value is another one only if the content is: what is remembered of it stays.
func TestFileOfTheSameContent(t *testing.T) {
	name := written(t, "first")
	synctest.Test(t, func(t *testing.T) {
		f, err := openText(name, new(reported))
		if err != nil {
			t.Fatal(err)
		}
		before := f.current()
		touch(t, name, time.Hour)
		lookAgain()
		if f.current() != before {
			t.Error("a touched file has another value")
		}
		write(t, name, "second")
		lookAgain()
		if f.current() == before {
			t.Error("a changed file has the value of before")
		}
	})
}

func TestFileAtTheStart(t *testing.T) {
	dir := t.TempDir()
	for name, want := range map[string]string{
		filepath.Join(dir, "none"): "none cannot be read: no such file",
		dir:                        " cannot be read: is a directory",
		written(t, "good\nbad"):    ":2: it is bad",
	} {
		if _, err := openText(name, new(reported)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, expected %q", err, want)
		}
	}
}

func touch(t *testing.T, name string, later time.Duration) {
	t.Helper()
	at := time.Now().Add(later)
	if err := os.Chtimes(name, at, at); err != nil {
		t.Fatal(err)
	}
}

func rename(t *testing.T, from, to string) {
	t.Helper()
	if err := os.Rename(from, to); err != nil {
		t.Fatal(err)
	}
}
