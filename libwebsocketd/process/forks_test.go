package process

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestForksCounted: whatever starts a process in this module counts the start: one that does not makes
// the ladder signal programs whose input has just been closed and that cannot know it yet.
func TestForksCounted(t *testing.T) {
	starts := regexp.MustCompile(`\b(exec\.Command|exec\.Cmd\{|os\.StartProcess|syscall\.ForkExec|syscall\.StartProcess)`)
	counts := regexp.MustCompile(`defer (process\.)?BeginFork\(\)\(\)`)
	found := 0
	for _, dir := range []string{"../../libwebsocketd", "../../internal", "../../client"} {
		err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			text, err := os.ReadFile(path)
			if n := len(starts.FindAll(text, -1)); n > 0 {
				found++
				if n != len(counts.FindAll(text, -1)) {
					t.Errorf("%s starts a process and does not count that: see BeginFork", path)
				}
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if found < 3 { // a Launcher, the guardian, and the new server of an upgrade
		t.Errorf("only %d files start a process", found)
	}
}
