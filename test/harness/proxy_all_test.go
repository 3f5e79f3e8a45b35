package harness

import (
	"io"
	"net"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// What is sent to a proxy that has vanished is never acknowledged.
func TestVanish(t *testing.T) {
	p := NewProxy(t, echoes(t))
	c, err := net.Dial("tcp", p.Addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	io.WriteString(c, "x")
	if _, err := io.ReadFull(c, make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	Until(t, "the byte is acknowledged", func() bool { return unacknowledged(t, c) == 0 })
	p.Vanish(t)
	io.WriteString(c, "y")
	if Within(200*time.Millisecond, func() bool { return unacknowledged(t, c) == 0 }) {
		t.Error("it is acknowledged")
	}
}

// unacknowledged returns how many bytes that were sent were not acknowledged.
func unacknowledged(t *testing.T, c net.Conn) (n int) {
	t.Helper()
	raw, err := c.(*net.TCPConn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	raw.Control(func(fd uintptr) { n, err = unix.IoctlGetInt(int(fd), unix.TIOCOUTQ) })
	if err != nil {
		t.Fatal(err)
	}
	return n
}
