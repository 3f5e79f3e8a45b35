package ws

import (
	"net"

	"golang.org/x/sys/unix"
)

// writeLast writes b, after which our half is closed: both leave in one packet, and
// the client is woken once (send(2), MSG_MORE).
func (c *conn) writeLast(b []byte) (n int, err error) {
	tcp, ok := c.Conn.(*net.TCPConn)
	if !ok {
		return c.Conn.Write(b)
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return 0, err
	}
	var failed error
	err = raw.Write(func(fd uintptr) bool {
		for n < len(b) {
			m, err := unix.SendmsgN(int(fd), b[n:], nil, nil, unix.MSG_MORE|unix.MSG_NOSIGNAL)
			switch {
			case err == unix.EAGAIN:
				return false
			case err != nil && err != unix.EINTR:
				failed = err
				return true
			}
			n += max(m, 0)
		}
		return true
	})
	if err == nil {
		err = failed
	}
	return n, err
}
