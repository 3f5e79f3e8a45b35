package socket

import (
	"net"
	"testing"
	"time"

	"websocketd/libwebsocketd/internal/testkit"
)

// TestOwed: what a client's system has not acknowledged is owed to it, also after a reset
// and after our own close.
func TestOwed(t *testing.T) {
	t.Parallel()
	for name, last := range map[string]func(client, server *net.TCPConn){
		"a client that reads nothing": func(_, _ *net.TCPConn) {},
		"reset":                       func(client, _ *net.TCPConn) { client.SetLinger(0); client.Close() },
		"closed by us":                func(_, server *net.TCPConn) { server.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, server := connected(t)
			server.Write([]byte("x"))
			testkit.Eventually(t, "a byte is acknowledged", func() bool { return !Owed(server) })
			server.Write(make([]byte, 200<<10))
			last(client, server)
			testkit.Eventually(t, "the end is seen", func() bool { return name[0] != 'r' || Gone(server) })
			if !Owed(server) || !Known(server) {
				t.Error("nothing is owed")
			}
		})
	}
	if a, b := net.Pipe(); Known(a) || !Owed(b) {
		t.Error("something is known of a pipe")
	}
}

// TestSinceAcknowledged: how long ago the last acknowledgement came.
func TestSinceAcknowledged(t *testing.T) {
	t.Parallel()
	_, server := connected(t)
	server.Write([]byte("x"))
	testkit.Eventually(t, "a byte is acknowledged", func() bool { return !Owed(server) })
	testkit.Eventually(t, "some time is over since then", func() bool { return SinceAcknowledged(server) >= 50*time.Millisecond })
	before := SinceAcknowledged(server)
	server.Write([]byte("x"))
	testkit.Eventually(t, "a byte is acknowledged now", func() bool { return SinceAcknowledged(server) < before })
	if a, _ := net.Pipe(); SinceAcknowledged(a) != 0 {
		t.Error("something is known of a pipe")
	}
}

// connected returns a connection whose server has room for more than its client.
func connected(t *testing.T) (client, server *net.TCPConn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	s, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	client, server = c.(*net.TCPConn), s.(*net.TCPConn)
	client.SetReadBuffer(4 << 10)
	server.SetWriteBuffer(1 << 20)
	t.Cleanup(func() {
		client.Close()
		server.Close()
	})
	return client, server
}
