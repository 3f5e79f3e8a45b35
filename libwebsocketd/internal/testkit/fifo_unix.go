//go:build unix

package testkit

import (
	"syscall"
	"testing"
)

// MakeFifo makes a named pipe.
func MakeFifo(t testing.TB, path string) {
	t.Helper()
	if err := syscall.Mkfifo(path, 0o755); err != nil {
		t.Fatal(err)
	}
}
