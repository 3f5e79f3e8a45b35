package harness

import (
	"os"
	"path/filepath"
	"strings"
)

// HasTest reports whether a directory of the repository has a test, or a fuzzer, of this
// name.
func HasTest(t T, dir, name string) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(RootDir(), dir, "*_test.go"))
	if err != nil {
		t.Fatalf("%v", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatalf("%v", err)
		}
		if strings.Contains(string(text), "\nfunc "+name+"(") {
			return true
		}
	}
	return false
}
