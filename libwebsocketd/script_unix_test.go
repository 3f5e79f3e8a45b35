//go:build unix

package libwebsocketd

import (
	"syscall"
	"testing"
)

// makeFifo makes a named pipe.
func makeFifo(t testing.TB, path string) {
	t.Helper()
	if err := syscall.Mkfifo(path, 0o755); err != nil {
		t.Fatal(err)
	}
}
