//go:build unix && !linux

package process

import (
	"errors"
	"os"
	"sync"

	"golang.org/x/sys/unix"
)

// watcher waits for any number of processes with one kqueue, and one thread. A kqueue
// tells that a process has exited and does not collect it.
type watcher struct {
	end   [2]int // a pipe: run ends when its writer is closed
	mu    sync.Mutex
	queue int // -1 after run
	calls map[watchID]func()
}

// watchID is the number of a process. Zero means nothing.
type watchID int

func newWatcher() (w *watcher, err error) {
	w = &watcher{calls: make(map[watchID]func())}
	if w.queue, err = unix.Kqueue(); err != nil {
		return nil, os.NewSyscallError("kqueue", err)
	}
	unix.CloseOnExec(w.queue)
	if err := closeOnExecPipe(&w.end); err != nil {
		unix.Close(w.queue)
		return nil, os.NewSyscallError("pipe", err)
	}
	if err := w.add(w.end[0], unix.EVFILT_READ, 0); err != nil {
		w.close()
		w.closeQueue()
		return nil, err
	}
	return w, nil
}

func (w *watcher) add(number, filter int, notes uint32) error {
	var event unix.Kevent_t
	unix.SetKevent(&event, number, filter, unix.EV_ADD|unix.EV_ONESHOT)
	event.Fflags = notes
	_, err := unix.Kevent(w.queue, []unix.Kevent_t{event}, nil, nil)
	return os.NewSyscallError("kevent", err)
}

// addProcess registers f to be called once, when p, a child that is not collected, has
// exited.
func (w *watcher) addProcess(p *os.Process, f func()) error {
	w.mu.Lock()
	err := w.add(p.Pid, unix.EVFILT_PROC, unix.NOTE_EXIT)
	if err == nil {
		w.calls[watchID(p.Pid)] = f
	}
	w.mu.Unlock()
	if errors.Is(err, unix.ESRCH) { // some systems do not find what has exited
		f()
		return nil
	}
	return err
}

func (w *watcher) addPipe(*os.File, func()) (watchID, error) { return 0, errors.ErrUnsupported }

// take removes a watch and returns its function, or nil if there is none.
func (w *watcher) take(pid watchID) func() {
	w.mu.Lock()
	defer w.mu.Unlock()
	f := w.calls[pid]
	delete(w.calls, pid)
	return f
}

// run calls the functions until close.
func (w *watcher) run() {
	defer w.closeQueue()
	events := make([]unix.Kevent_t, 64)
	for {
		n, err := unix.Kevent(w.queue, nil, events, nil)
		if err != nil && err != unix.EINTR {
			return
		}
		for _, e := range events[:max(n, 0)] {
			if e.Filter == unix.EVFILT_READ {
				return
			}
			if f := w.take(watchID(e.Ident)); f != nil {
				f()
			}
		}
	}
}

func (w *watcher) closeQueue() {
	w.mu.Lock()
	defer w.mu.Unlock()
	unix.Close(w.queue)
	unix.Close(w.end[0])
	w.queue = -1
}

func (w *watcher) close() { unix.Close(w.end[1]) }

// waitForExit waits until p has exited, and returns its state: where the kernel has no room for
// a watch nothing is left but to collect at once.
func waitForExit(p *os.Process) *os.ProcessState {
	state, _ := p.Wait()
	return state
}
