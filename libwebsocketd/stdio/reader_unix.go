//go:build unix

package stdio

import (
	"errors"
	"io"
	"os"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"websocketd/libwebsocketd/internal/readbuf"
	"websocketd/libwebsocketd/process"
)

// Reader reads a file that this process has not opened, such as its standard input. It
// may block, and it must not be made to do otherwise: other processes have it, too. So a
// Reader waits with poll(2), and a Close ends that.
type Reader struct {
	raw         syscall.RawConn
	wake, waker *os.File // an end of wake is the Close
	reading     sync.Mutex
	closing     sync.Once
	wide        bool // the pipe was widened
}

// NewReader returns a Reader of f. It does not close f.
func NewReader(f *os.File) (r *Reader, err error) {
	r = &Reader{}
	if r.raw, err = f.SyscallConn(); err != nil {
		return nil, err
	}
	r.wake, r.waker, err = os.Pipe()
	return r, err
}

// Read implements [io.Reader]. After Close it fails with [os.ErrClosed].
func (r *Reader) Read(p []byte) (int, error) { return r.read(func() []byte { return p }, -1) }

// ReadInto implements readbuf.Source.
func (r *Reader) ReadInto(in *readbuf.Buffer) (int, error) {
	wait := -1
	if in.Patience > 0 {
		wait = int(in.Patience / time.Millisecond)
	}
	n, err := r.read(in.Space, wait)
	if n == readbuf.BlockSize && !r.wide {
		r.wide = true
		r.raw.Control(process.WidenPipe)
	}
	return n, err
}

// read waits for so many milliseconds, for ever if they are negative, and reads.
func (r *Reader) read(space func() []byte, wait int) (n int, err error) {
	r.reading.Lock()
	defer r.reading.Unlock()
	failed := r.raw.Control(func(fd uintptr) {
		err = unix.EAGAIN
		for err == unix.EAGAIN || err == unix.EINTR {
			if err = r.await(int(fd), wait); err == nil {
				n, err = unix.Read(int(fd), space())
			}
		}
	})
	switch {
	case failed != nil:
		return 0, errors.Join(os.ErrClosed, failed)
	case err == os.ErrClosed || err == readbuf.ErrStalled:
		return 0, err
	case err != nil:
		return 0, os.NewSyscallError("read", err)
	case n == 0:
		return 0, io.EOF
	}
	return n, nil
}

// await returns nil when there may be something to read.
func (r *Reader) await(fd, wait int) error {
	wake, err := r.wake.SyscallConn()
	if err != nil {
		return os.ErrClosed
	}
	fds := [2]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}, {Events: unix.POLLIN}}
	var n int
	if failed := wake.Control(func(fd uintptr) {
		fds[1].Fd = int32(fd)
		n, err = unix.Poll(fds[:], wait)
	}); failed != nil {
		return os.ErrClosed
	}
	switch {
	case err != nil:
		return err
	case fds[1].Revents != 0:
		return os.ErrClosed
	case n == 0:
		return readbuf.ErrStalled
	}
	return nil
}

// Close ends a Read that waits, and waits for its end.
func (r *Reader) Close() error {
	r.closing.Do(func() {
		r.waker.Close()
		r.reading.Lock()
		defer r.reading.Unlock()
		r.wake.Close()
	})
	return nil
}
