package harness

import (
	"net"
	"testing"

	"golang.org/x/sys/unix"
)

// TestSilence: what is sent to a silenced client is never acknowledged.
func TestSilence(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	pending := map[bool]func() int{}
	for _, silent := range []bool{true, false} {
		client, err := net.Dial("tcp", listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer client.Close()
		server, err := listener.Accept()
		if err != nil {
			t.Fatal(err)
		}
		defer server.Close()
		if silent {
			MustSilence(t, client)
		}
		if _, err := server.Write([]byte("are you there?")); err != nil {
			t.Fatal(err)
		}
		pending[silent] = func() int { return unacknowledged(t, server) }
	}
	Until(t, "the client's system has acknowledged", func() bool { return pending[false]() == 0 })
	if n := pending[true](); n == 0 {
		t.Error("a silenced client has acknowledged")
	}
}

func unacknowledged(t *testing.T, conn net.Conn) (bytes int) {
	t.Helper()
	raw, err := conn.(*net.TCPConn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	raw.Control(func(fd uintptr) { bytes, err = unix.IoctlGetInt(int(fd), unix.SIOCOUTQ) })
	if err != nil {
		t.Fatal(err)
	}
	return bytes
}
