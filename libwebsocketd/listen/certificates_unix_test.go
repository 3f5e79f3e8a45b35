//go:build unix

package listen

import (
	"os"
	"strings"
	"syscall"
	"testing"
)

// What is no regular file is not read, so that no handshake waits for a pipe's writer.
func TestCertificatesPipe(t *testing.T) {
	t.Parallel()
	files := newCertFiles(t)
	certs, complaints := files.open(t, "")
	os.Remove(files.path("key.pem"))
	if err := syscall.Mkfifo(files.path("key.pem"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := now(t, certs); got != 1 || len(*complaints) != 1 || !strings.Contains((*complaints)[0], "key.pem: is not a regular file") {
		t.Errorf("certificate %d, %q", got, *complaints)
	}
}
