package examples

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Every folder and every file of it is run by a row of the table, and the
// overview names the folder with its own README's command.
func TestEveryExampleHasARow(t *testing.T) {
	overview, err := os.ReadFile(filepath.Join(tree(), "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	known := []string{"README.md", ".gitignore"}
	for _, f := range folders {
		known = append(known, f.name+"/README.md")
		for _, e := range f.examples {
			known = append(known, f.name+"/"+e.file)
		}
		for _, file := range f.others {
			known = append(known, f.name+"/"+file)
		}
		command := commandLine.FindStringSubmatch(f.readme(t))
		if command == nil {
			t.Errorf("examples/%s/README.md has no command", f.name)
		} else if row := "| [" + f.name + "](" + f.name + ") | `" + command[1] + "` |"; !strings.Contains(string(overview), row) {
			t.Errorf("examples/README.md has no row that ends with\n%s", row)
		}
	}
	there := files(t)
	for _, file := range there {
		if !slices.Contains(known, file) {
			t.Errorf("examples/%s has no row in the table of this test", file)
		}
	}
	for _, file := range known {
		if !slices.Contains(there, file) {
			t.Errorf("examples/%s is in the table of this test, but not in the tree", file)
		}
	}
}

// files lists the tree without what its .gitignore names.
func files(t *testing.T) (found []string) {
	t.Helper()
	ignore, err := os.ReadFile(filepath.Join(tree(), ".gitignore"))
	if err != nil {
		t.Fatal(err)
	}
	made := func(name string) bool {
		for pattern := range strings.Lines(string(ignore)) {
			if ok, _ := path.Match(path.Base(strings.TrimSpace(pattern)), path.Base(name)); ok {
				return true
			}
		}
		return false
	}
	err = fs.WalkDir(os.DirFS(tree()), ".", func(name string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() && !made(name) {
			found = append(found, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}
