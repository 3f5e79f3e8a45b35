//go:build unix

package credential

import (
	"errors"
	"os"
	"syscall"
)

// lockDir waits until no other edit of a file in a directory goes on (flock(2) on the
// directory itself, which leaves no file). A file system without such locks has no protection.
func lockDir(dir string) (unlock func(), err error) {
	f, err := os.Open(dir)
	if err != nil {
		return func() {}, err
	}
	unlock = func() { f.Close() }
	for {
		switch err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX); {
		case errors.Is(err, syscall.EINTR):
		case errors.Is(err, syscall.EBADF), errors.Is(err, syscall.ENOLCK), errors.Is(err, errors.ErrUnsupported): // NFS wants a file that is open for writing
			return unlock, nil
		default:
			return unlock, err
		}
	}
}
