package listen

import (
	"net"
	"syscall"

	"golang.org/x/sys/unix"
)

// PeerUser returns the user whose process has connected to a unix socket, as the system
// knows it; ok is false if it does not.
func PeerUser(c net.Conn) (uid int, ok bool) {
	conn, ok := c.(syscall.Conn)
	if !ok {
		return 0, false
	}
	raw, err := conn.SyscallConn()
	if err != nil {
		return 0, false
	}
	var peer *unix.Ucred
	controlErr := raw.Control(func(fd uintptr) {
		peer, err = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
	})
	if controlErr != nil || err != nil {
		return 0, false
	}
	return int(peer.Uid), true
}
