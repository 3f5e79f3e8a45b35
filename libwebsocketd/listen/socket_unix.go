//go:build unix

package listen

import (
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"websocketd/libwebsocketd/process"
)

const (
	longestSocketPath = len(unix.RawSockaddrUnix{}.Path) - 1 // the last byte is a NUL
	socketBacklog     = 1<<15 - 1                            // the system lowers it to what it allows

	lockPatience = time.Second           // for a server that is starting, or whose files are being removed
	lockPause    = 10 * time.Millisecond // between two tries: flock(2) has no time-out
)

// Unix listens on a socket file. It replaces one that no server listens on any more. One
// that is in use, or no socket at all, is an error and stays as it is. Of several servers
// that start at once the one that holds the lock listens.
func Unix(s UnixSocket) (net.Listener, error) {
	path := s.Path
	if l, err := takeUnix(path); l != nil || err != nil {
		return l, err
	}
	if IsAbstractSocket(path) {
		return s.listenAbstract()
	}
	if len(path) > longestSocketPath {
		return nil, fmt.Errorf("socket %s: the path has %d bytes, and the system allows %d: give a shorter one, or one relative to the working directory", path, len(path), longestSocketPath)
	}
	lock, err := s.lock()
	if err != nil {
		return nil, err
	}
	l, err := s.listenLocked()
	if err != nil {
		lock.Unlock()
		return nil, err
	}
	own := &unixListener{Listener: l, path: path, lock: lock}
	own.file, _ = os.Lstat(path)
	return own, nil
}

// lock acquires the lock of the socket, or returns an error if a server listens there.
func (s *UnixSocket) lock() (*process.SocketLock, error) {
	path := s.Path
	for began := time.Now(); ; time.Sleep(lockPause) {
		lock, err := process.LockSocket(path)
		switch {
		case errors.Is(err, os.ErrPermission):
			return nil, fmt.Errorf("socket %s: %w; give a %s in a directory where this user may make files, and that no other user serves", path, err, s.flag())
		case err == nil:
			return lock, nil
		case !errors.Is(err, process.ErrLocked):
			return nil, fmt.Errorf("socket %s: %w", path, err)
		case dialSocket(path) == nil || time.Since(began) > lockPatience:
			return nil, inUse(path)
		}
	}
}

// listenLocked creates the socket and restricts its file before listen(2). No client can
// connect before that, so the file never admits more than it should. The umask does not
// matter: it belongs to the whole process, and a library may not change it.
func (s *UnixSocket) listenLocked() (net.Listener, error) {
	path := s.Path
	if err := removeStale(path); err != nil {
		return nil, err
	}
	fd, err := newSocket()
	if err != nil {
		return nil, fmt.Errorf("socket %s: %w", path, os.NewSyscallError("socket", err))
	}
	file := os.NewFile(uintptr(fd), path)
	defer file.Close()
	if err := unix.Bind(fd, &unix.SockaddrUnix{Name: path}); err != nil {
		if errors.Is(err, unix.EADDRINUSE) {
			return nil, fmt.Errorf("socket %s: a file of that name is no socket: remove it, or give another %s", path, s.flag())
		}
		return nil, fmt.Errorf("socket %s: %w", path, os.NewSyscallError("bind", err))
	}
	err = s.restrict()
	if err == nil {
		err = os.NewSyscallError("listen", unix.Listen(fd, socketBacklog))
	}
	var l net.Listener
	if err == nil {
		l, err = net.FileListener(file)
	}
	if err != nil {
		os.Remove(path)
		return nil, fmt.Errorf("socket %s: %w", path, err)
	}
	return l, nil
}

func newSocket() (int, error) {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	if err == nil {
		unix.CloseOnExec(fd)
	}
	return fd, err
}

// restrict sets the group and the mode of the socket's file.
func (s *UnixSocket) restrict() error {
	if s.Group != "" {
		gid, err := LookupSocketGroup(s.Group)
		if err != nil {
			return fmt.Errorf("--socketgroup=%s: %w", s.Group, err)
		}
		if err := os.Lchown(s.Path, -1, gid); err != nil {
			return fmt.Errorf("%w; --socketgroup=%s needs a server that is in the group, or root's", err, s.Group)
		}
	}
	return os.Chmod(s.Path, s.mode())
}

// unixListener removes its socket file at the end, but not one that has replaced it.
type unixListener struct {
	net.Listener
	path  string
	file  os.FileInfo
	lock  *process.SocketLock
	left  atomic.Bool // another server has it
	close sync.Once
}

// Close stops listening and releases the lock, once.
func (l *unixListener) Close() error {
	err := net.ErrClosed
	l.close.Do(func() {
		if l.left.Load() {
			err = l.Listener.Close()
			l.lock.Leave()
			return
		}
		if is, lookErr := os.Lstat(l.path); lookErr == nil && l.file != nil && os.SameFile(is, l.file) {
			os.Remove(l.path)
		}
		err = l.Listener.Close()
		l.lock.Unlock()
	})
	return err
}

// SetDeadline ends an Accept that waits past it; the zero value is none.
func (l *unixListener) SetDeadline(at time.Time) error {
	return l.Listener.(*net.UnixListener).SetDeadline(at)
}
