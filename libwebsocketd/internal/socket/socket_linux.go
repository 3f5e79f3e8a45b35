// Package socket asks the system about a connection without reading from it. What
// cannot be known on a system, or of a connection that is neither TCP nor unix, has a
// harmless answer. Every function looks through TLS and other wrappers that have a
// NetConn.
package socket

import (
	"net"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// unwrap returns the innermost connection inside the wrappers of c.
func unwrap(c net.Conn) net.Conn {
	for {
		wrapper, ok := c.(interface{ NetConn() net.Conn }) // as crypto/tls has it
		if !ok {
			return c
		}
		c = wrapper.NetConn()
	}
}

// descriptor returns the descriptor of the connection inside c.
func descriptor(c net.Conn) (syscall.RawConn, bool) {
	sc, ok := unwrap(c).(syscall.Conn)
	if !ok {
		return nil, false
	}
	rc, err := sc.SyscallConn()
	return rc, err == nil
}

// Acknowledged returns a count that grows when the client's system acknowledges output.
// written is how many bytes our own system has accepted; it is the count where no other
// is known.
func Acknowledged(c net.Conn, written int64) int64 {
	taken := written
	rc, ok := descriptor(c)
	if !ok {
		return taken
	}
	_, isUnix := unwrap(c).(*net.UnixConn)
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

// SinceReceived returns how long ago the client's system sent us something, 0 if that
// is not known.
func SinceReceived(c net.Conn) time.Duration {
	return time.Duration(tcpInfo(c).Last_data_recv) * time.Millisecond
}

// SinceAcknowledged returns how long ago the client's system acknowledged anything, 0 if that is
// not known.
func SinceAcknowledged(c net.Conn) time.Duration {
	return time.Duration(tcpInfo(c).Last_ack_recv) * time.Millisecond
}

// tcpInfo returns what the system knows of a connection; all of it is 0 where that is nothing, as
// of a unix socket.
func tcpInfo(c net.Conn) (info unix.TCPInfo) {
	rc, ok := descriptor(c)
	if !ok {
		return info
	}
	rc.Control(func(fd uintptr) {
		if known, err := unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO); err == nil {
			info = *known
		}
	})
	return info
}

// HasUnread reports whether input of the client, or its end, waits to be read.
func HasUnread(c net.Conn) (waits bool) {
	rc, ok := descriptor(c)
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

// Unsent returns how many bytes of our output the client's system has not acknowledged.
func Unsent(c net.Conn) int {
	queued, _ := unsent(c)
	return queued
}

func unsent(c net.Conn) (queued int, known bool) {
	rc, ok := descriptor(c)
	if !ok {
		return 0, false
	}
	err := rc.Control(func(fd uintptr) {
		queued, _ = unix.IoctlGetInt(int(fd), unix.SIOCOUTQ)
	})
	return queued, err == nil
}

// Owed reports whether some of our output is not acknowledged yet. It is true where
// that cannot be known, also of a connection that we have closed.
func Owed(c net.Conn) bool {
	queued, known := unsent(c)
	return !known || queued > 0
}

// Known reports whether Acknowledged and Owed know what the client's system acknowledges.
func Known(c net.Conn) bool {
	_, ok := descriptor(c)
	return ok
}

// BoundUnsent limits what our system buffers for a slow client to about most bytes of
// unsent data (TCP_NOTSENT_LOWAT). Otherwise it would buffer megabytes for each, and
// when it runs short of memory for sockets every connection suffers (tcp(7), tcp_mem).
func BoundUnsent(c net.Conn, most int) {
	if rc, ok := descriptor(c); ok {
		rc.Control(func(fd uintptr) { // a unix socket has no such option, and needs none
			unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_NOTSENT_LOWAT, most)
		})
	}
}

// CanLook is true where HungUp can detect anything.
const CanLook = true

// HungUp reports whether the connection is broken for good (gone), and whether the
// client sends nothing more after what is still unread (leaving).
func HungUp(c net.Conn) (gone, leaving bool) {
	rc, ok := descriptor(c)
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

// AwaitGone returns when the connection is broken for good, or closed, or its read deadline is
// over. Nothing may be left to read.
func AwaitGone(c net.Conn) {
	if rc, ok := descriptor(c); ok {
		rc.Read(func(uintptr) bool { return Gone(c) })
	}
}

// Gone reports whether the connection is broken for good.
func Gone(c net.Conn) bool {
	gone, _ := HungUp(c)
	return gone
}
