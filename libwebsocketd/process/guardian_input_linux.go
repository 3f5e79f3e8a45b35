package process

import (
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// quietInput is a guardian's standard input. It reads when it is rung, and when
// the pipe has an end: to be woken for every line would take time from those who
// are served.
type quietInput struct{}

func guardianInput() io.Reader {
	if unix.SetNonblock(0, true) != nil {
		return os.Stdin
	}
	return quietInput{}
}

// Read implements io.Reader.
func (quietInput) Read(b []byte) (int, error) {
	for {
		n, err := unix.Read(0, b)
		switch {
		case n > 0:
			return n, nil
		case err == nil:
			return 0, io.EOF
		case err == unix.EAGAIN:
			waitForBell()
		case err != unix.EINTR:
			return 0, err
		}
	}
}

// waitForBell asks for nothing of standard input, which leaves the one thing that
// is always told: that nobody can write to it any more.
func waitForBell() {
	fds := []unix.PollFd{{Fd: 0}, {Fd: bellDescriptor, Events: unix.POLLIN}}
	if _, err := unix.Poll(fds, -1); err == nil && fds[1].Revents != 0 {
		var rung [64]byte
		unix.Read(bellDescriptor, rung[:])
	}
}
