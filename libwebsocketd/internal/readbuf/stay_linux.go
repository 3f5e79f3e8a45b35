package readbuf

import (
	"encoding/binary"
	"io"
	"net"
	"os"

	"golang.org/x/sys/unix"
)

// staying is a descriptor whose owner can stay where it waits: a pipe, or a TCP socket
// that reports how much it still holds.
type staying struct {
	descriptor
	socket bool
	told   [64]byte // the control message of a socket's read, with TCP_INQ

	asked bool // TCP_INQ was requested
	mute  bool // and is not supported

	inside  bool // Stay is running
	fd      int
	read    bool // this call of use has made its one read
	emptied bool // and it emptied the descriptor
}

// newStaying returns nil where no reader can stay.
func newStaying(d descriptor, of any) Source {
	_, socket := of.(*net.TCPConn)
	if _, pipe := of.(*os.File); !pipe && !socket {
		return nil
	}
	s := &staying{descriptor: d, socket: socket}
	s.try = s.once
	return s
}

// askWhatIsLeft makes every read of a socket report how many bytes remain, or that only
// the end remains. It reports whether the system can do that.
func (s *staying) askWhatIsLeft() bool {
	failed := unix.EINVAL
	s.raw.Control(func(fd uintptr) {
		failed, _ = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_INQ, 1).(unix.Errno)
	})
	return failed == 0
}

// Stay implements stayer.
func (s *staying) Stay(use func() (leave bool)) {
	if s.socket && !s.asked {
		s.asked, s.mute = true, !s.askWhatIsLeft()
	}
	if s.mute {
		return
	}
	s.inside = true
	s.raw.Read(func(fd uintptr) bool {
		s.fd, s.read, s.emptied = int(fd), false, false
		return use() || s.read && !s.emptied
	})
	s.inside = false
}

// ReadInto implements Source and what stayer requires of it.
func (s *staying) ReadInto(in *Buffer) (int, error) {
	if !s.inside {
		return s.descriptor.ReadInto(in)
	}
	if s.read {
		s.emptied = s.emptied && len(in.Unread()) == 0
		in.Release()
		return 0, ErrEmpty
	}
	s.read = true
	n, err := s.readOnce(in.Space())
	switch {
	case err == unix.EAGAIN || err == unix.EINTR:
		s.emptied = err == unix.EAGAIN
		in.Release()
		return 0, ErrEmpty
	case err != nil:
		return 0, os.NewSyscallError("read", err)
	case n == 0:
		return 0, io.EOF
	}
	return n, nil
}

func (s *staying) readOnce(space []byte) (n int, err error) {
	if !s.socket {
		n, err = unix.Read(s.fd, space)
		s.emptied = n < len(space)
		return n, err
	}
	n, told, _, _, err := unix.Recvmsg(s.fd, space, s.told[:], 0)
	left := s.told[unix.CmsgLen(0):]
	s.emptied = told >= unix.CmsgLen(4) && binary.NativeEndian.Uint32(left) == 0
	return n, err
}
