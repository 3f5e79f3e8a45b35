// Package docs tests README.md and doc/: what a page says is typed is run through
// the real binary, and what comes back is compared; every link leads somewhere.
package docs

import (
	"os"
	"path/filepath"
	"testing"

	"websocketd/test/harness"
)

func TestMain(m *testing.M) { harness.Main(m) }

// readmeLimit is the size of README.md in bytes: what does not fit has a page in doc/.
const readmeLimit = 12 << 10

func TestReadmeIsShort(t *testing.T) {
	if size := len(read(t, "README.md").text); size > readmeLimit {
		t.Errorf("README.md has %d bytes, more than %d: move something to doc/", size, readmeLimit)
	}
}

// manual returns README.md and the pages of doc/.
func manual(t *testing.T) (pages []page) {
	t.Helper()
	for _, pattern := range []string{"README.md", "doc/*.md"} {
		pages = append(pages, glob(t, pattern)...)
	}
	return pages
}

// glob returns the Markdown files that match a pattern, seen from the root.
func glob(t *testing.T, pattern string) (pages []page) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(harness.RootDir(), pattern))
	if err != nil || len(files) == 0 {
		t.Fatalf("%s: no such file: %v", pattern, err)
	}
	for _, file := range files {
		name, err := filepath.Rel(harness.RootDir(), file)
		if err != nil {
			t.Fatal(err)
		}
		pages = append(pages, read(t, filepath.ToSlash(name)))
	}
	return pages
}

func read(t *testing.T, name string) page {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(harness.RootDir(), name))
	if err != nil {
		t.Fatal(err)
	}
	return parse(name, string(text))
}
