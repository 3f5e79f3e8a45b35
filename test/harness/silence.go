package harness

import (
	"errors"
	"net"
	"syscall"

	"golang.org/x/sys/unix"
)

// Silence makes the network of a client go away: nothing that is sent to conn arrives there any
// more, and so nothing is acknowledged, not even by the client's system. It must be kept open
// until nobody sends anything to it, since its closing is told. It needs Linux, and no privileges but
// where the system keeps filters of sockets for root.
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

// MustSilence skips the test where Silence is for root only.
func MustSilence(t T, conn net.Conn) {
	t.Helper()
	switch err := Silence(conn); {
	case errors.Is(err, unix.EPERM):
		Skip(t, "socket-filter", err.Error())
	case err != nil:
		t.Fatalf("a filter for a connection: %v", err)
	}
}
