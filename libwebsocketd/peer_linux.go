package libwebsocketd

import (
	"net"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// socket is the descriptor under c, through TLS if need be.
func (c *conn) socket() (syscall.RawConn, bool) {
	raw := c.Conn
	if a := asAccepted(raw); a != nil {
		raw = a.Conn
	}
	sc, ok := raw.(syscall.Conn)
	if !ok {
		return nil, false
	}
	rc, err := sc.SyscallConn()
	return rc, err == nil
}

// acknowledged is a count that grows when the client's system takes more of what
// was sent to it.
func (c *conn) acknowledged() int64 {
	taken := c.out.Load()
	rc, ok := c.socket()
	if !ok {
		return taken
	}
	_, isUnix := c.Conn.(*net.UnixConn)
	rc.Control(func(fd uintptr) {
		if isUnix {
			if queued, err := unix.IoctlGetInt(int(fd), unix.SIOCOUTQ); err == nil {
				taken -= int64(queued)
			}
			return
		}
		if info, err := unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO); err == nil {
			taken = int64(info.Bytes_acked)
		}
	})
	return taken
}

// sinceReceived is how long ago the client's system sent us something, if that is
// known, else 0.
func (c *conn) sinceReceived() (since time.Duration) {
	rc, ok := c.socket()
	if !ok {
		return 0
	}
	rc.Control(func(fd uintptr) { // a unix socket does not tell
		if info, err := unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO); err == nil {
			since = time.Duration(info.Last_data_recv) * time.Millisecond
		}
	})
	return since
}

// hasUnread reports whether something of the client's, or its end, waits to be read.
func (c *conn) hasUnread() (waits bool) {
	rc, ok := c.socket()
	if !ok {
		return false
	}
	rc.Control(func(fd uintptr) {
		poll := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
		unix.Poll(poll, 0)
		waits = poll[0].Revents&unix.POLLIN != 0
	})
	return waits
}

// unsent is how much of our output the client's system has not acknowledged.
func (c *conn) unsent() (queued int) {
	rc, ok := c.socket()
	if !ok {
		return 0
	}
	rc.Control(func(fd uintptr) {
		queued, _ = unix.IoctlGetInt(int(fd), unix.SIOCOUTQ)
	})
	return queued
}

// owed reports whether some of our output is not taken yet; true where that cannot be
// known.
func (c *conn) owed() bool {
	_, ok := c.socket()
	return !ok || c.unsent() > 0
}

// boundUnsent keeps the system from taking more than some of what the client's does
// not take yet. It would take megabytes for each, and when it runs short of memory for
// sockets every connection suffers (tcp(7), tcp_mem).
func (c *conn) boundUnsent() {
	if rc, ok := c.socket(); ok {
		rc.Control(func(fd uintptr) { // a unix socket has no such option, and needs none
			unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_NOTSENT_LOWAT, mostUnsent)
		})
	}
}

// mostUnsent is more than is written at once, so that a client that reads never
// waits for us to be woken.
const mostUnsent = 4 * chunkSize

// canLook says that hungUp can tell.
const canLook = true

// hungUp looks at the connection without reading from it. gone: it is broken for
// good. leaving: the client sends nothing behind what is still unread.
func (c *conn) hungUp() (gone, leaving bool) {
	rc, ok := c.socket()
	if !ok {
		return false, false
	}
	err := rc.Control(func(fd uintptr) {
		poll := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLRDHUP}}
		unix.Poll(poll, 0)
		gone = poll[0].Revents&(unix.POLLERR|unix.POLLHUP) != 0
		leaving = poll[0].Revents&unix.POLLRDHUP != 0
	})
	return gone || err != nil, leaving
}
