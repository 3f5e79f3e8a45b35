package generated

import (
	"os"
	"path/filepath"
	"testing"

	"websocketd/internal/completion"
	"websocketd/test/harness"
)

// made returns the files that are made, below release/.
func made(t *testing.T) map[string]string {
	files := map[string]string{}
	for _, shell := range completion.Shells {
		files["completions/"+completionFiles[shell]] = script(t, shell)
	}
	for name, page := range pages {
		files["man/"+name] = page()
	}
	text, err := schema()
	if err != nil {
		t.Fatal(err)
	}
	files["schema/websocketd.schema.json"] = text
	return files
}

// completionFiles are the names by which each shell finds a script.
var completionFiles = map[string]string{"bash": "websocketd.bash", "zsh": "_websocketd", "fish": "websocketd.fish"}

// The files in release/ are what the program's grammar makes of them.
func TestFiles(t *testing.T) {
	for name, want := range made(t) {
		file := filepath.Join(harness.RootDir(), "release", name)
		text, err := os.ReadFile(file)
		switch {
		case err == nil && string(text) == want:
		case os.Getenv("UPDATE") != "":
			if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
				t.Fatal(err)
			}
		default:
			t.Errorf("release/%s is not what the program says (%v); UPDATE=1 go test ./generated, in test/, writes it", name, err)
		}
	}
}
