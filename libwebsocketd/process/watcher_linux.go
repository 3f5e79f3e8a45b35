package process

import (
	"errors"
	"os"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// watcher waits for the exit of any number of processes with one epoll over
// their pidfds. The epoll itself is watched by the runtime's poller, so that
// waiting costs a goroutine and no thread.
type watcher struct {
	file *os.File // the epoll
	conn syscall.RawConn

	mu    sync.Mutex
	calls map[int32]func() // by pid
}

func newWatcher() (*watcher, error) {
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("epoll_create1", err)
	}
	if err := unix.SetNonblock(fd, true); err != nil {
		unix.Close(fd)
		return nil, os.NewSyscallError("fcntl", err)
	}
	w := &watcher{file: os.NewFile(uintptr(fd), "epoll"), calls: make(map[int32]func())}
	if w.conn, err = w.file.SyscallConn(); err != nil {
		w.file.Close()
		return nil, err
	}
	return w, nil
}

// add has f called once when p has exited and is not collected yet. It fails
// where the kernel gives no handle of a process.
func (w *watcher) add(p *os.Process, f func()) error {
	pid := int32(p.Pid)
	w.mu.Lock()
	w.calls[pid] = f
	w.mu.Unlock()
	var failed error
	err := p.WithHandle(func(handle uintptr) {
		failed = w.conn.Control(func(epfd uintptr) {
			event := unix.EpollEvent{Events: unix.EPOLLIN | unix.EPOLLONESHOT, Fd: pid}
			failed = unix.EpollCtl(int(epfd), unix.EPOLL_CTL_ADD, int(handle), &event)
		})
	})
	if err := errors.Join(err, failed); err != nil {
		w.take(pid)
		return err
	}
	return nil
}

func (w *watcher) take(pid int32) func() {
	w.mu.Lock()
	defer w.mu.Unlock()
	f := w.calls[pid]
	delete(w.calls, pid)
	return f
}

// run reports exits until close.
func (w *watcher) run() {
	events := make([]unix.EpollEvent, 64)
	for {
		n := 0
		err := w.conn.Read(func(fd uintptr) bool {
			n, _ = unix.EpollWait(int(fd), events, 0)
			return n > 0
		})
		if err != nil {
			return
		}
		for _, e := range events[:n] {
			if f := w.take(e.Fd); f != nil {
				f()
			}
		}
	}
}

func (w *watcher) close() { w.file.Close() }
