//go:build unix

package readbuf

import (
	"errors"
	"io"
	"os"
	"syscall"
)

const canReadRaw = true

// descriptor reads from a non-blocking file or socket, and holds no block while
// there is nothing to read: it tries to read, and releases the block before it waits.
type descriptor struct {
	raw syscall.RawConn
	try func(fd uintptr) bool // d.once as a method value, allocated once
	in  *Buffer
	n   int
	err error
}

// newDescriptor returns a Source that reads from the descriptor of a file or a connection.
func newDescriptor(raw syscall.RawConn, of any) Source {
	if s := newStaying(descriptor{raw: raw}, of); s != nil {
		return s
	}
	d := &descriptor{raw: raw}
	d.try = d.once
	return d
}

func (d *descriptor) ReadInto(in *Buffer) (int, error) {
	d.in, d.n, d.err = in, 0, nil
	if err := d.raw.Read(d.try); err != nil {
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			err = errors.Join(os.ErrClosed, err) // the only other reason why try was not called
		}
		return 0, err
	}
	if d.n == 0 && d.err == nil {
		return 0, io.EOF
	}
	return d.n, d.err
}

// once tries to read, and reports whether the wait is over.
func (d *descriptor) once(fd uintptr) bool {
	space := d.in.Space()
	for {
		n, err := syscall.Read(int(fd), space)
		switch {
		case err == syscall.EINTR:
			continue
		case err == syscall.EAGAIN:
			d.in.Release()
			return false
		case err != nil:
			d.err = os.NewSyscallError("read", err)
		default:
			d.n = n
		}
		return true
	}
}
