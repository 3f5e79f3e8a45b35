package manager

import (
	"os"
	"path/filepath"
	"testing"
)

// TestOwn: the files of every instance, of rotations, and in a directory that goes by another name.
func TestOwn(t *testing.T) {
	t.Parallel()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(dir, link); err != nil {
		t.Fatal(err)
	}
	own := (&App{OutFile: filepath.Join(link, "a+.out"), PidFile: filepath.Join(dir, "none", "pid")}).own()
	for name, want := range map[string]bool{
		"a+.out": true, "a+.out.1": true, "a+.out.12": true, "a+.out.next": true, "a+-3.out": true, "a+-30.out.2": true, "none/pid": true, "none/pid-0": true,
		"a+": false, "a.out": false, "a+.out.js": false, "a+-x.out": false, "lib/a+.out": false, "pid": false, "xa+.out": false,
	} {
		if got := own(filepath.Join(dir, name)); got != want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
