package paths

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// TestInsideAlias has links stand for the short names of Windows: what such a name leads to
// must not be hidden there. Elsewhere a link to something hidden works.
func TestInsideAlias(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, link := range map[string]string{"GIT~1": ".git", "PLAIN~1": "plain", "WELL~1": ".well-known", "OUT~1": "../out"} {
		if err := errors.Join(os.MkdirAll(filepath.Join(dir, "site", link), 0o755), os.Symlink(link, filepath.Join(dir, "site", name))); err != nil {
			t.Fatal(err)
		}
		os.WriteFile(filepath.Join(dir, "site", link, "config"), nil, 0o644)
	}
	for _, test := range []struct {
		name                string
		onWindows, onOthers bool
	}{
		{"GIT~1/config", false, true},
		{"GIT~1", false, true},
		{"PLAIN~1/config", true, true},
		{"WELL~1/config", true, true},
		{"OUT~1/config", false, false},
		{"GIT~1/none", false, false},
		{".", true, true},
	} {
		for _, aliases := range []bool{true, false} {
			want := test.onOthers
			if aliases {
				want = test.onWindows
			}
			root, relative, err := inside(filepath.Join(dir, "site"), test.name, aliases)
			if (err == nil) != want || err != nil && !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("%s, aliases %v: %s %s %v", test.name, aliases, root, relative, err)
			}
		}
	}
}

func TestIsAlias(t *testing.T) {
	t.Parallel()
	for segment, want := range map[string]bool{
		"": false, "a": false, "a.b": false, "GIT~1": false, " a": false, "a b": false, "ü": false,
		"a.": true, "a ": true, "a. .": true, "...": true, `x\..\.git`: true, `\`: true, "a::$DATA": true, "C:": true, "dir::$INDEX_ALLOCATION": true,
	} {
		if got := isAlias(segment); got != want {
			t.Errorf("%q: %v", segment, got)
		}
	}
}

func TestHidden(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{
		"": false, "/": false, "/a/b.c": false, "/.well-known/x": false, "a\u200c/b": false, "\u200ca": false,
		"/.git": true, "/a/.b/c": true, "..": true, ".well-known-too": true,
		"/\u200c.git/config": true, "/a/\ufeff\u202e.env": true, "\u200d.well-known": true,
	} {
		if got := Hidden(name); got != want {
			t.Errorf("%q: %v", name, got)
		}
	}
}
