// Package browserclient tests the sources of the browser client, clients/js: by tests of
// their own in Node, and by what is committed of them, which the server has in it. What
// connect does with a real server is in package session.
package browserclient

import (
	"bytes"
	"compress/gzip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"websocketd/test/harness"
)

func TestMain(m *testing.M) { harness.Main(m) }

// bundles are what is made of the sources, with how many bytes a page may have to load,
// compressed.
var bundles = map[string]int{"client.js": 5 << 10, "client.mjs": 5 << 10, "pow.js": 2000, "pow.mjs": 2000}

// The committed bundles are what esbuild makes of the sources.
func TestBundle(t *testing.T) {
	t.Parallel()
	harness.Need(t, "node:client")
	dir := t.TempDir()
	if err := os.CopyFS(filepath.Join(dir, "src"), os.DirFS(filepath.Join(harness.ClientDir(), "src"))); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"package.json", "client.d.ts", "pow.d.ts", "tsconfig.json"} {
		harness.WriteFile(t, filepath.Join(dir, name), read(t, name), 0o644)
	}
	if err := os.Symlink(filepath.Join(harness.ClientDir(), "node_modules"), filepath.Join(dir, "node_modules")); err != nil {
		t.Fatal(err)
	}
	npm(t, dir, "run", "build")
	for name := range bundles {
		made, err := os.ReadFile(filepath.Join(dir, "dist", name))
		if err != nil {
			t.Fatal(err)
		}
		if string(made) != read(t, "dist/"+name) {
			t.Errorf("dist/%s is not what npm run build makes of src", name)
		}
	}
}

// The bundles are small.
func TestSize(t *testing.T) {
	t.Parallel()
	for name, most := range bundles {
		text := read(t, "dist/"+name)
		var packed bytes.Buffer
		w, _ := gzip.NewWriterLevel(&packed, gzip.BestCompression) // a valid level
		w.Write([]byte(text))
		w.Close()
		harness.Measured(t, "%s: %d bytes, %d compressed", name, len(text), packed.Len())
		if packed.Len() > most {
			t.Errorf("%s: %d bytes compressed, more than %d", name, packed.Len(), most)
		}
	}
}

// The sources are what their types say, and the types are those that users see.
func TestTypes(t *testing.T) {
	t.Parallel()
	harness.Need(t, "node:client")
	npm(t, harness.ClientDir(), "run", "check")
}

// The client does with a server that is not there what its tests say.
func TestInNode(t *testing.T) {
	t.Parallel()
	node := append(harness.Node20(t), "--test", "--test-reporter=tap")
	files, err := filepath.Glob(filepath.Join(harness.ClientDir(), "test", "*.test.mjs"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no tests: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".test.mjs"), func(t *testing.T) {
			t.Parallel()
			args := append(node[1:len(node):len(node)], file)
			run(t, exec.CommandContext(harness.Context(t), node[0], args...))
		})
	}
}

// npm runs npm in a directory.
func npm(t *testing.T, dir string, args ...string) {
	t.Helper()
	harness.Need(t, "npm")
	cmd := exec.CommandContext(harness.Context(t), "npm", append([]string{"--silent", "--no-update-notifier"}, args...)...)
	cmd.Dir = dir
	run(t, cmd)
}

func run(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%s: %v\n%s", cmd, err, out)
	}
}

// read returns a file of the client.
func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(harness.ClientDir(), name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
