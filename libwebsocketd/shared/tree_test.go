package shared

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestTreeIgnores: what is not looked at.
func TestTreeIgnores(t *testing.T) {
	t.Parallel()
	tree := &Tree{Dir: "/srv", Ignore: []string{"*.out", "build", "doc/*.html", "./tmp/**", "**/cache"}, Own: func(at string) bool { return at == filepath.FromSlash("/srv/own") }}
	for at, want := range map[string]bool{
		"/srv/a.js": false, "/srv/lib/a.js": false, "/srv": false,
		"/srv/a.log": true, "/srv/lib/a.out": true, "/srv/build": true, "/srv/build/x/y": true, "/srv/doc/a.html": true, "/srv/doc/a.md": false,
		"/srv/tmp/x": true, "/srv/a/cache/b": true, "/srv/own": true, "/srv/.git/index": true, "/srv/node_modules/a/b": true, "/srv/a.js~": true,
	} {
		if got := tree.ignores(filepath.FromSlash(at)); got != want {
			t.Errorf("%s: %v", at, got)
		}
	}
}

// TestTree: a change is told once, also in a new directory; what is ignored is not.
func TestTree(t *testing.T) {
	t.Parallel()
	real := filepath.Join(t.TempDir(), "real")
	dir := filepath.Join(t.TempDir(), "link") // which a tree may be
	if err := os.Mkdir(real, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(real, dir); err != nil {
		t.Fatal(err)
	}
	real, err := filepath.EvalSymlinks(real)
	if err != nil {
		t.Fatal(err)
	}
	told := make(chan string, 100)
	tree := &Tree{Dir: dir, Ignore: []string{"*.log"}, Changed: func(path string) { told <- path }, Log: slog.New(slog.DiscardHandler)}
	defer tree.Watch()()
	write := func(name string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	last := ""
	is := func(want string) {
		t.Helper()
		want = filepath.Join(real, want)
		for got := last; got != want; {
			select {
			case got = <-told:
				if got != want && got != last { // a slow machine may not take changes for one
					t.Errorf("%s has changed, not %s", got, want)
				}
			case <-time.After(2 * time.Minute):
				t.Fatalf("%s was not told", want)
			}
		}
		last = want
	}
	write("a.log")
	for range 5 {
		write("a.js")
	}
	is("a.js")
	if err := os.MkdirAll(filepath.Join(dir, "new", "deep"), 0o700); err != nil {
		t.Fatal(err)
	}
	is("new")
	write("new/deep/b.js")
	is("new/deep/b.js")
	write("new/deep/b.log")
	os.Remove(filepath.Join(dir, "a.js"))
	is("a.js")
}

// TestTreeFull: of directories that are too many, or cannot be watched, one line is logged. Those that
// go make room.
func TestTreeFull(t *testing.T) {
	t.Parallel()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	mkdir := func(name string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Join(dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"a/b", "c", "d", "e"} {
		mkdir(name)
	}
	var log bytes.Buffer
	told := startTree(t, &Tree{Dir: dir, most: 4, Log: slog.New(slog.NewTextHandler(&log, nil))})
	if said := strings.Count(log.String(), "\n"); said != 1 || !strings.Contains(log.String(), "changes in "+filepath.Join(dir, "d")+" and others are not noticed: there are too many directories; ignore_watch") {
		t.Errorf("%s", log.String())
	}
	is := func(want string) {
		t.Helper()
		for {
			select {
			case got := <-told:
				if got == filepath.Join(dir, want) {
					return
				}
			case <-time.After(2 * time.Minute):
				t.Fatalf("%s was not told", want)
			}
		}
	}
	if err := os.RemoveAll(filepath.Join(dir, "a")); err != nil {
		t.Fatal(err)
	}
	is("a/b")
	mkdir("f")
	is("f")
	if err := os.WriteFile(filepath.Join(dir, "f", "file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	is("f/file")
	for _, name := range []string{"g", "h"} { // h is one too many again
		mkdir(name)
		is(name)
	}
	if said := strings.Count(log.String(), "\n"); said != 1 {
		t.Errorf("%s", log.String())
	}
}

// startTree watches a tree until the test ends, and returns what is told.
func startTree(t *testing.T, tree *Tree) (told chan string) {
	told = make(chan string, 100)
	tree.Changed = func(path string) { told <- path }
	t.Cleanup(tree.Watch())
	return told
}
