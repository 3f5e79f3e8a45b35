package process

import (
	"errors"
	"os"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// watcher waits for any number of processes and pipes with one epoll over their
// descriptors. A process whose pidfd can be read has exited. The runtime's poller
// watches the epoll itself, so that waiting costs one goroutine and no thread,
// however many there are.
type watcher struct {
	file *os.File // the epoll
	conn syscall.RawConn

	mu    sync.Mutex
	last  watchID
	calls map[watchID]func()
}

// watchID identifies what is waited for, also in the epoll. Zero means nothing.
type watchID int32

func newWatcher() (*watcher, error) {
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("epoll_create1", err)
	}
	if err := unix.SetNonblock(fd, true); err != nil {
		unix.Close(fd)
		return nil, os.NewSyscallError("fcntl", err)
	}
	w := &watcher{file: os.NewFile(uintptr(fd), "epoll"), calls: make(map[watchID]func())}
	if w.conn, err = w.file.SyscallConn(); err != nil {
		w.file.Close()
		return nil, err
	}
	return w, nil
}

// addProcess registers f to be called once, when p has exited and is not collected
// yet. It fails where the kernel gives no handle of a process.
func (w *watcher) addProcess(p *os.Process, f func()) error {
	var failed error
	err := p.WithHandle(func(handle uintptr) { _, failed = w.add(handle, f) })
	return errors.Join(err, failed)
}

// addPipe registers f to be called once, when there is something to read from a pipe,
// unless take is called before.
func (w *watcher) addPipe(pipe *os.File, f func()) (added watchID, err error) {
	raw, err := pipe.SyscallConn()
	if err != nil {
		return 0, err
	}
	var failed error
	err = raw.Control(func(fd uintptr) { added, failed = w.add(fd, f) })
	return added, errors.Join(err, failed)
}

func (w *watcher) add(fd uintptr, f func()) (watchID, error) {
	w.mu.Lock()
	w.last++
	for w.last <= 0 || w.calls[w.last] != nil { // the numbers have wrapped around
		w.last = max(w.last+1, 1)
	}
	added := w.last
	w.calls[added] = f
	w.mu.Unlock()
	var failed error
	err := w.conn.Control(func(epfd uintptr) {
		event := unix.EpollEvent{Events: unix.EPOLLIN | unix.EPOLLONESHOT, Fd: int32(added)}
		failed = unix.EpollCtl(int(epfd), unix.EPOLL_CTL_ADD, int(fd), &event)
	})
	if err := errors.Join(err, failed); err != nil {
		w.take(added)
		return 0, err
	}
	return added, nil
}

// take removes a watch and returns its function, or nil if it was removed before.
// Only the caller that gets the function calls it.
func (w *watcher) take(added watchID) func() {
	w.mu.Lock()
	defer w.mu.Unlock()
	f := w.calls[added]
	delete(w.calls, added)
	return f
}

// run calls the functions until close. It stays within one Read: each return to Read
// would cost a look in vain before the wait.
func (w *watcher) run() {
	events := make([]unix.EpollEvent, 64)
	w.conn.Read(func(fd uintptr) bool {
		for {
			n, _ := unix.EpollWait(int(fd), events, 0)
			w.report(events[:max(n, 0)])
			if n < len(events) {
				return false
			}
		}
	})
}

func (w *watcher) report(events []unix.EpollEvent) {
	for _, e := range events {
		// Without EPOLLIN, a pipe has ended without output.
		if f := w.take(watchID(e.Fd)); f != nil && e.Events&unix.EPOLLIN != 0 {
			f()
		}
	}
}

func (w *watcher) close() { w.file.Close() }

// waitForExit waits until p has exited, and does not collect it.
func waitForExit(p *os.Process) *os.ProcessState {
	err := error(unix.EINTR)
	for err == unix.EINTR {
		err = unix.Waitid(unix.P_PID, p.Pid, nil, unix.WEXITED|unix.WNOWAIT, nil)
	}
	return nil
}
