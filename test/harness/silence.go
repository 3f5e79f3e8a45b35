package harness

import (
	"net"
	"syscall"

	"golang.org/x/sys/unix"
)

// Silence makes the network of a client go away: nothing that is sent to conn arrives there any
// more, and so nothing is acknowledged, not even by the client's system. It must be kept open
// until nobody sends anything to it, since its closing is told. It needs no privileges, but Linux.
func Silence(conn net.Conn) error {
	raw, err := conn.(syscall.Conn).SyscallConn()
	if err != nil {
		return err
	}
	const nothing = 0 // bytes of each packet to keep
	drop := unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: nothing}
	var setErr error
	err = raw.Control(func(fd uintptr) {
		setErr = unix.SetsockoptSockFprog(int(fd), unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, &unix.SockFprog{Len: 1, Filter: &drop})
	})
	if err != nil {
		return err
	}
	return setErr
}
