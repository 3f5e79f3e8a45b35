package docs

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"websocketd/test/harness"
)

// The program of doc/library.md is built with the go.mod that stands below it,
// serves, and ends when it is interrupted.
func TestLibrary(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p := read(t, "doc/library.md")
	port := harness.FreePort(t)
	for _, b := range p.blocks {
		switch {
		case b.file() == "main.go":
			address := "127.0.0.1:" + itoa(port)
			put(t, filepath.Join(dir, "main.go"), strings.ReplaceAll(b.text(), "localhost:8080", address))
		case strings.HasPrefix(b.lines[0], "module "):
			put(t, filepath.Join(dir, "go.mod"), strings.Replace(b.text(), "../websocketd", harness.RootDir(), 1))
		}
	}
	sums, err := os.ReadFile(filepath.Join(harness.RootDir(), "go.sum"))
	if err != nil {
		t.Fatal(err)
	}
	put(t, filepath.Join(dir, "go.sum"), string(sums))
	program := filepath.Join(t.TempDir(), "site")
	build := exec.Command("go", "build", "-mod=mod", "-o", program, ".")
	build.Dir = dir
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("doc/library.md: %v\n%s", err, out)
	}

	s := harness.Options{Bin: program, Bare: true, Port: port}.Start(t)
	c := s.Ask(t, harness.Handshake("/env"))
	if c.Status() != http.StatusSwitchingProtocols {
		t.Fatalf("status %d: %s", c.Status(), c.Body)
	}
	if lines := c.Ends(t, 1000, "exit status 0"); !strings.Contains(strings.Join(lines, "\n"), "REMOTE_ADDR=127.0.0.1") {
		t.Errorf("env prints %q", lines)
	}
	s.Signal(t, syscall.SIGINT)
	if status := s.Wait(t); status != 0 {
		t.Errorf("exit status %d", status)
	}
}
