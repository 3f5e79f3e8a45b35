package docs

import (
	"os"
	"path/filepath"
	"strconv"
	"testing"
)

func itoa(n int) string { return strconv.Itoa(n) }

// put writes a file into a directory that is made if it is missing; a script is
// executable.
func put(t *testing.T, file, text string) {
	t.Helper()
	mode := os.FileMode(0o644)
	if len(text) > 1 && text[:2] == "#!" {
		mode = 0o755
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
}
