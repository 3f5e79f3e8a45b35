package manager

import (
	"net"
	"os"
	"syscall"

	"websocketd/libwebsocketd/process"
)

// credentialsSize is the room for the sender of a datagram and nothing else: descriptors that a
// program sends along (FDSTORE=1, BARRIER=1) are closed by the system. The sender of a barrier
// waits for just that.
var credentialsSize = syscall.CmsgSpace(syscall.SizeofUcred)

// passCredentials has the system tell who sends a datagram (unix(7), SO_PASSCRED).
func passCredentials(c *net.UnixConn) error {
	raw, err := c.SyscallConn()
	if err != nil {
		return err
	}
	var setErr error
	err = raw.Control(func(fd uintptr) {
		setErr = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_PASSCRED, 1)
	})
	if err != nil {
		return err
	}
	return setErr
}

// isFrom reports whether a datagram, which about came with, is from a process of a session. Of a
// sender that has gone already that is not known; it counts if its user is the server's, the
// program's or root: these could do anything else to the program as well.
func isFrom(about []byte, session, user int) bool {
	messages, err := syscall.ParseSocketControlMessage(about)
	if err != nil || len(messages) == 0 {
		return false
	}
	sender, err := syscall.ParseUnixCredentials(&messages[0])
	if err != nil {
		return false
	}
	if id := int(sender.Uid); id != 0 && id != os.Geteuid() && id != user {
		return false
	}
	in := process.SessionOf(int(sender.Pid))
	return in == 0 || in == session
}
