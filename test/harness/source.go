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

// Source returns a document of the folder shared/sources, which is beside the repository.
func Source(t T, name string) string {
	t.Helper()
	for dir := RootDir(); ; dir = filepath.Dir(dir) {
		text, err := os.ReadFile(filepath.Join(dir, "shared", "sources", name))
		if err == nil {
			return string(text)
		}
		if filepath.Dir(dir) == dir {
			Skip(t, "sources", "shared/sources/"+name+" is in no folder above the repository")
		}
	}
}
