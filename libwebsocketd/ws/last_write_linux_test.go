package ws

import (
	"io"
	"net"
	"testing"

	"golang.org/x/sys/unix"

	"websocketd/libwebsocketd/bridge"
)

// TestLastWrite: the close frame and the end of our half are one packet, which the
// client gets at once.
func TestLastWrite(t *testing.T) {
	client, server := tcpConns(t)
	p := newPair(t, client, server)
	w := p.endpoint(t, Options{})
	before := packetsOf(t, client)
	w.CloseSend(&bridge.CloseWith{Code: 4000, Reason: "so it is"})
	sent, err := io.ReadAll(client)
	if want := "\x88\x0a\x0f\xa0so it is"; string(sent) != want || err != nil {
		t.Errorf("the client gets %q, %v, not %q", sent, err, want)
	}
	if n := packetsOf(t, client) - before; n != 1 {
		t.Errorf("in %d packets, not in one", n)
	}
}

// packetsOf returns how many packets c has received, including those without data.
func packetsOf(t *testing.T, c *net.TCPConn) (packets uint32) {
	t.Helper()
	raw, err := c.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	raw.Control(func(fd uintptr) {
		info, err := unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO)
		if err != nil {
			t.Fatal(err)
		}
		packets = info.Segs_in
	})
	return packets
}
