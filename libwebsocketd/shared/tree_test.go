package shared

import (
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestTreeIgnores: what is not looked at.
func TestTreeIgnores(t *testing.T) {
	t.Parallel()
	tree := &Tree{Dir: "/srv", Ignore: []string{"*.out", "build", "doc/*.html", "./tmp/**", "**/cache"}, Files: []string{"/srv/own"}}
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
	dir := t.TempDir()
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
		want = filepath.Join(dir, want)
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
