package manager

import (
	"errors"
	"net"
	"os"
	"path/filepath"
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
	return in == -1 || in == session
}

// removeStale removes the sockets in a directory that nobody listens to any more, with their
// own directories. Those of other users are left alone, and so are links.
func removeStale(in string) {
	paths, _ := filepath.Glob(filepath.Join(in, notifyDir+"*", notifyFile))
	for _, path := range paths {
		dir := filepath.Dir(path)
		if !isOwn(dir, os.ModeDir) || !isOwn(path, os.ModeSocket) {
			continue
		}
		conn, err := net.Dial("unixgram", path)
		if err == nil {
			conn.Close()
		} else if errors.Is(err, syscall.ECONNREFUSED) {
			os.Remove(path)
			os.Remove(dir)
		}
	}
}

// isOwn reports whether a file is of a kind, and belongs to the server's user.
func isOwn(path string, kind os.FileMode) bool {
	info, err := os.Lstat(path)
	return err == nil && info.Mode().Type() == kind && int(info.Sys().(*syscall.Stat_t).Uid) == os.Geteuid()
}
