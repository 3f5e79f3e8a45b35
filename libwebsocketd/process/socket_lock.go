//go:build unix

package process

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// SocketLock decides which of several servers owns the file of a unix socket. It is a
// lock (flock(2)) on a separate file beside the socket, PATH.lock. It ends with the
// process, however that ends.
type SocketLock struct {
	file *os.File
	name string
}

// ErrLocked is returned by LockSocket when another process holds the lock.
var ErrLocked = errors.New("another process holds its lock")

// LockSocket takes the lock of the socket at path, without waiting for it.
func LockSocket(path string) (*SocketLock, error) {
	name := path + ".lock"
	for {
		file, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|syscall.O_NOFOLLOW, 0o600)
		if err != nil {
			return nil, err
		}
		if err := flock(file, name); err != nil {
			file.Close()
			return nil, err
		}
		// Its last holder may have removed the file since it was opened.
		mine, mineErr := file.Stat()
		there, err := os.Lstat(name)
		if err == nil && mineErr == nil && os.SameFile(mine, there) {
			return &SocketLock{file, name}, nil
		}
		file.Close()
		if err := errors.Join(mineErr, err); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
	}
}

func flock(file *os.File, name string) error {
	for {
		switch err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err {
		case nil:
			return nil
		case syscall.EINTR:
		case syscall.EWOULDBLOCK:
			return ErrLocked
		default:
			return fmt.Errorf("lock %s: %w; a socket needs a file system with locks, as local ones are", name, err)
		}
	}
}

// HeldLock returns the lock of the socket at path that file holds, from another process.
func HeldLock(path string, file *os.File) *SocketLock {
	return &SocketLock{file, path + ".lock"}
}

// Duplicate returns a duplicate of the file that holds the lock.
func (l *SocketLock) Duplicate() (*os.File, error) { return Duplicate(l.file) }

// Leave lets go of a lock that another process holds, by a duplicate.
func (l *SocketLock) Leave() { l.file.Close() }

// Unlock removes the lock's file and then releases the lock. In this order, a process
// that opened the file before sees that it is gone and tries again.
func (l *SocketLock) Unlock() {
	os.Remove(l.name)
	l.file.Close()
}
