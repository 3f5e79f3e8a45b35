package ws

import (
	"bufio"
	"net"
	"testing"

	"websocketd/libwebsocketd/internal/bridgetest"
)

// peeked is a connection of a listener that reads the first bytes ahead: it embeds the
// *net.TCPConn, and has its own Read.
type peeked struct {
	*net.TCPConn
	r *bufio.Reader
}

// Read implements io.Reader.
func (p peeked) Read(b []byte) (int, error) { return p.r.Read(b) }

// TestWrappedConnection: its own Read is the one that is used.
func TestWrappedConnection(t *testing.T) {
	client, server := tcpConns(t)
	wrapped := peeked{server, bufio.NewReader(server)}
	p := newPair(t, client, wrapped)
	w := p.endpoint(t, Options{})
	p.wire.Write(clientFrames(aText + "one"))
	wrapped.r.Peek(1) // read ahead, as the wrapper may at any time
	p.wire.Write(clientFrames(aText + "two"))
	got := ""
	for len(got) < len("one") {
		batch, err := w.Receive()
		if err != nil {
			t.Fatal(err)
		}
		got += bridgetest.Text(batch)
	}
	if got[:3] != "one" {
		t.Errorf("the first message is %q", got)
	}
}
