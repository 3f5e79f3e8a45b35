package promises

import (
	"os/exec"
	"strconv"
	"strings"
	"testing"
)

func itoa(n int) string { return strconv.Itoa(n) }

func parseHex(t *testing.T, text string) uint64 {
	t.Helper()
	n, err := strconv.ParseUint(strings.TrimSpace(text), 16, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func lookPath(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// join is a name for a test of flags.
func join(flags []string) string {
	if len(flags) == 0 {
		return "no flag"
	}
	return strings.ReplaceAll(strings.Join(flags, " "), "/", "_")
}

func cut(text string) (before, after string, found bool) { return strings.Cut(text, "|") }
