package cli

import (
	"os"
	"path/filepath"
	"testing"
)

func TestIsServed(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, dir := range []string{"public/.hidden", "public/.well-known", "public/sub", "public-too", "elsewhere"} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for link, to := range map[string]string{"link": "public", "public/out": "../elsewhere"} {
		if err := os.Symlink(to, link); err != nil {
			t.Fatal(err)
		}
	}
	for _, test := range []struct {
		dir, file string
		want      bool
	}{
		{"public", "public/f", true}, {"public", "public/sub/f", true}, {"./public/", "public/sub/../f", true}, {".", "f", true},
		{"link", "public/f", true}, {"public", "link/f", true},
		{"public", "f", false}, {"public", "public-too/f", false}, {"public/sub", "public/f", false},
		{"public", "public/.f", false}, {"public", "public/.hidden/f", false}, {".", ".f", false},
		{"public", "public/.well-known/f", true}, {"public/.hidden", "public/.hidden/f", true}, {"none", "none", true},
		{"public", "public/out/f", false}, {"public", "public/none", true}, {"none", "f", false},
	} {
		if filepath.Base(test.file) != "none" {
			if err := os.WriteFile(test.file, nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if got := isServed(test.dir, test.file); got != test.want {
			t.Errorf("%s in %s: %v", test.file, test.dir, got)
		}
	}
}
