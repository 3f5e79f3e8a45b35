package errno

import (
	"errors"
	"go/build"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
)

// TestIs: a number is itself, and what a system has in its place.
func TestIs(t *testing.T) {
	t.Parallel()
	const refusedOnWindows = syscall.Errno(10061)
	places := map[syscall.Errno][]syscall.Errno{syscall.ECONNREFUSED: {10099, refusedOnWindows}}
	wrapped := func(err error) error {
		return &net.OpError{Op: "dial", Err: os.NewSyscallError("connect", err)}
	}
	for _, test := range []struct {
		err  error
		want bool
	}{
		{syscall.ECONNREFUSED, true},
		{wrapped(syscall.ECONNREFUSED), true},
		{wrapped(refusedOnWindows), true},
		{wrapped(syscall.EADDRINUSE), false},
		{errors.New("refused"), false},
		{nil, false},
	} {
		if got := is(test.err, syscall.ECONNREFUSED, places); got != test.want {
			t.Errorf("%v: %v", test.err, got)
		}
	}
	if !Is(wrapped(syscall.ECONNREFUSED), syscall.ECONNREFUSED) || is(wrapped(refusedOnWindows), syscall.EADDRINUSE, places) {
		t.Error("not by its own number, or by that of another")
	}
}

// direct finds comparisons that are never true on Windows.
var direct = regexp.MustCompile(`errors\.Is\([^\n]*?, syscall\.(ECONNREFUSED|EADDRINUSE|EADDRNOTAVAIL|EAFNOSUPPORT|E2BIG|EMFILE|ENOEXEC|ENOMEM)\)`)

// TestNobodyComparesDirectly: what is built for Windows, too, asks Is.
func TestNobodyComparesDirectly(t *testing.T) {
	t.Parallel()
	windows := build.Default
	windows.GOOS, windows.CgoEnabled = "windows", false
	asked := 0
	for _, dir := range []string{"client", "internal", "libwebsocketd"} {
		err := filepath.WalkDir(filepath.Join("..", "..", dir), func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			if built, err := windows.MatchFile(filepath.Split(path)); err != nil || !built {
				return err
			}
			text, err := os.ReadFile(path)
			for _, found := range direct.FindAllString(string(text), -1) {
				t.Errorf("%s: %s is false on Windows: errno.Is", path, found)
			}
			asked += strings.Count(string(text), "errno.Is(")
			return err
		})
		if err != nil {
			t.Error(err)
		}
	}
	if asked < 10 {
		t.Errorf("errno.Is is called %d times: the sources were not read", asked)
	}
}
