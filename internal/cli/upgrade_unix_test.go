//go:build unix

package cli

import (
	"os"
	"path/filepath"
	"testing"
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
