package listen

import (
	"net"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// option is a socket option and what it should be.
type option struct {
	name                string
	level, number, want int
}

func (o option) check(t *testing.T, c any) {
	t.Helper()
	raw, err := c.(syscall.Conn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	raw.Control(func(fd uintptr) {
		if got, err := unix.GetsockoptInt(int(fd), o.level, o.number); err != nil || got != o.want {
			t.Errorf("%s is %d, %v, not %d", o.name, got, err, o.want)
		}
	})
}

// TestAcceptedConnection: what is accepted is plain TCP, is probed when it is idle,
// and does not wait to make packets larger.
func TestAcceptedConnection(t *testing.T) {
	l, err := TCPConfig().Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	option{"SO_PROTOCOL of the listener", unix.SOL_SOCKET, unix.SO_PROTOCOL, unix.IPPROTO_TCP}.check(t, l)
	client, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	c, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for _, o := range []option{
		{"SO_KEEPALIVE", unix.SOL_SOCKET, unix.SO_KEEPALIVE, 1},
		{"TCP_KEEPIDLE", unix.IPPROTO_TCP, unix.TCP_KEEPIDLE, 15},
		{"TCP_KEEPINTVL", unix.IPPROTO_TCP, unix.TCP_KEEPINTVL, 15},
		{"TCP_KEEPCNT", unix.IPPROTO_TCP, unix.TCP_KEEPCNT, 9},
		{"TCP_NODELAY", unix.IPPROTO_TCP, unix.TCP_NODELAY, 1},
	} {
		o.check(t, c)
	}
}
