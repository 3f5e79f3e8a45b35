package harness

import (
	"bytes"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"sync"
)

// Peer returns the path of the older tool, from the environment, or "".
func Peer() string { return os.Getenv("PEER") }

// IsPeer reports whether bin is the older tool.
func IsPeer(bin string) bool { return bin != "" && bin == Peer() }

// Binary returns our binary. It has the race detector if RACE=1, as make test sets
// it. BIN=/path names a ready one. It is built once per test process, unless make
// test has built it.
func Binary(t T) string {
	t.Helper()
	if os.Getenv("RACE") != "1" {
		return PlainBinary(t)
	}
	return built(t, raceBinary)
}

// PlainBinary returns our binary without the race detector: for measurements, and for
// tests that have nothing to do with goroutines.
func PlainBinary(t T) string {
	t.Helper()
	return built(t, plainBinary)
}

type result struct {
	path string
	err  error
	out  string
}

var (
	plainBinary = sync.OnceValue(func() result { return goBuild(RootDir(), "websocketd") })
	raceBinary  = sync.OnceValue(func() result { return goBuild(RootDir(), "websocketd.race", "-race") })
	childBinary = sync.OnceValue(func() result { return goBuild(filepath.Join(RootDir(), "test", "child"), "child") })
)

// Child returns the helper program in test/child.
func Child(t T) string {
	t.Helper()
	return built(t, childBinary)
}

func built(t T, build func() result) string {
	t.Helper()
	r := build()
	if r.err != nil {
		t.Fatalf("build: %v\n%s", r.err, r.out)
	}
	return r.path
}

func goBuild(dir, name string, flags ...string) result {
	if bin := os.Getenv("BIN"); bin != "" && strings.HasPrefix(name, "websocketd") {
		return result{path: bin}
	}
	if dir := os.Getenv("BUILT"); dir != "" {
		return result{path: filepath.Join(dir, name)}
	}
	path := filepath.Join(scratch(), name)
	args := append([]string{"build", "-o", path}, flags...)
	cmd := exec.Command("go", append(args, ".")...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	return result{path, err, string(out)}
}

// tool returns what builds a tool of this module, unless make test has built it.
func tool(pkg string) func() result {
	return sync.OnceValue(func() result {
		name := path.Base(pkg)
		if ready := filepath.Join(os.Getenv("BUILT"), name); filepath.IsAbs(ready) {
			if _, err := os.Stat(ready); err == nil {
				return result{path: ready}
			}
		}
		to := filepath.Join(scratch(), name)
		cmd := exec.Command("go", "build", "-o", to, pkg)
		cmd.Dir = filepath.Join(RootDir(), "test")
		out, err := cmd.CombinedOutput()
		return result{to, err, string(out)}
	})
}

var cPrograms sync.Map // source file name -> func() result

// CProgram compiles test/child/c/NAME.c and returns the program.
func CProgram(t T, name string) string {
	t.Helper()
	Need(t, "cc")
	build, _ := cPrograms.LoadOrStore(name, sync.OnceValue(func() result {
		path := filepath.Join(scratch(), name+".bin")
		cmd := exec.Command("cc", "-O1", "-o", path, filepath.Join(RootDir(), "test", "child", "c", name+".c"))
		out, err := cmd.CombinedOutput()
		return result{path, err, string(out)}
	}))
	return built(t, build.(func() result))
}

// RootDir returns the directory of the product's module.
var RootDir = sync.OnceValue(func() string {
	dir, err := os.Getwd()
	for err == nil {
		mod, readErr := os.ReadFile(filepath.Join(dir, "go.mod"))
		if readErr == nil && bytes.HasPrefix(mod, []byte("module websocketd\n")) {
			return dir
		}
		if dir == filepath.Dir(dir) {
			break
		}
		dir = filepath.Dir(dir)
	}
	panic("harness: the module websocketd is not above the working directory")
})
