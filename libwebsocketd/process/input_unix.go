//go:build unix

package process

import (
	"io/fs"
	"os"
	"sync"

	"golang.org/x/sys/unix"
)

// input is our end of a process's standard input. It is registered with the runtime's
// poller only when a write has to wait. Registering costs three system calls and
// wakes the poller, and most processes never need it.
//
// One goroutine may Write; any other may Close, which ends a Write that waits.
type input struct {
	mu   sync.RWMutex
	fd   int      // negative: closed, or owned by file
	file *os.File // set once a write had to wait

	closed bool
	last   int64  // lastFork, after that
	paused bool   // see pause
	rest   []byte // what was not written because of that
}

// Write implements io.Writer.
func (p *input) Write(b []byte) (int, error) {
	n, err := p.writeNow(b)
	if n == len(b) || err != nil {
		return n, err
	}
	f, err := p.waiting()
	if err != nil {
		return n, err
	}
	if p.keep(b[n:], nil) {
		return len(b), nil
	}
	m, err := f.Write(b[n:])
	if err != nil && p.keep(b[n+m:], err) {
		return len(b), nil
	}
	return n + m, err
}

// writeNow writes as much as the pipe takes without waiting.
func (p *input) writeNow(b []byte) (n int, err error) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	for n < len(b) && p.file == nil && !p.paused {
		if p.fd < 0 {
			return n, os.ErrClosed
		}
		m, err := unix.Write(p.fd, b[n:])
		switch {
		case err == unix.EAGAIN:
			return n, nil
		case err != nil && err != unix.EINTR:
			return n, &fs.PathError{Op: "write", Path: "|1", Err: err}
		}
		n += max(m, 0)
	}
	return n, nil
}

func (p *input) waiting() (*os.File, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.file == nil && p.fd < 0 {
		return nil, os.ErrClosed
	}
	if p.file == nil {
		WidenPipe(uintptr(p.fd))
		p.file, p.fd = os.NewFile(uintptr(p.fd), "|1"), -1
	}
	return p.file, nil
}

// Close implements io.Closer.
func (p *input) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return os.ErrClosed
	}
	p.closed = true
	defer func() { p.last = lastFork() }()
	if p.file != nil {
		return p.file.Close()
	}
	err := unix.Close(p.fd)
	p.fd = -1
	return err
}

// isHeld reports whether the process may not have its end yet: a start that had begun before Close is
// not over.
func (p *input) isHeld() bool {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.closed && isForking(p.last)
}

// inputIsHeld reports whether Stdin is closed and the process does not see it yet.
func (p *Process) inputIsHeld() bool {
	in, ok := p.Stdin.(*input)
	return ok && in.isHeld()
}
