package ws

import (
	"bytes"
	"testing"

	"websocketd/libwebsocketd/bridge"
)

// TestCloseCrosses: the close frame of a client whose system has not even got our output
// does not answer ours.
func TestCloseCrosses(t *testing.T) {
	t.Parallel()
	client, server := tcpConns(t)
	client.SetReadBuffer(4 << 10)
	server.SetWriteBuffer(1 << 20)
	p := newPair(t, client, server)
	w, program := p.endpoint(t, Options{}), &confirmed{every: 1 << 20}
	w.ConfirmTo(program)
	chunk := bridge.NewChunk([]bridge.Message{{Kind: bridge.Text, Data: bytes.Repeat([]byte("x"), 200<<10)}})
	if err := w.Deliver([]bridge.Delivery{{Chunk: chunk, First: 1}}); err != nil {
		t.Fatal(err)
	}
	w.CloseSend(exit3)
	client.Write(clientFrames(aClose + "\x03\xe8"))
	client.CloseWrite()
	for err := error(nil); err == nil; {
		_, err = w.Receive()
	}
	if heard := program.took(); heard != "" {
		t.Errorf("the program hears %q", heard)
	}
}
