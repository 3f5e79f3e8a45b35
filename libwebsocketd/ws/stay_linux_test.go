package ws

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/internal/bridgetest"
	"websocketd/libwebsocketd/internal/testkit"
)

// rounds is how often a message goes there and back. An answer that comes between the
// read that has emptied a descriptor and the wait after it must wake the reader.
const rounds = 20_000

// TestStaySocket: no message of a client is overlooked, whole or in pieces.
func TestStaySocket(t *testing.T) {
	t.Parallel()
	client, server := tcpConns(t)
	p := newPair(t, client, server)
	w := p.endpoint(t, Options{})
	var peer sync.WaitGroup
	peer.Go(func() { // and waits for nothing but the answer
		frame := clientFrames(aText + "there")
		for range rounds {
			cut := rand.IntN(len(frame))
			client.Write(frame[:cut])
			client.Write(frame[cut:])
			if _, err := readFrame(t, client); err != nil {
				t.Error(err)
				break
			}
		}
		client.Close()
	})
	got := 0
	testkit.Within(t, 10*testkit.Patience, "every message is received", func() {
		w.ReceiveEach(func(batch []bridge.Message) {
			got += len(batch)
			w.Send(batch)
		})
	})
	peer.Wait()
	if got != rounds {
		t.Errorf("%d messages", got)
	}
}

// TestStayEnds: the end of a connection that comes in one packet with a message, or
// hard on it, is noticed.
func TestStayEnds(t *testing.T) {
	t.Parallel()
	leave := map[string]func(client *net.TCPConn, last []byte){
		"with its last packet": func(client *net.TCPConn, last []byte) {
			(&conn{Conn: client}).writeLast(last)
			client.CloseWrite()
		},
		"after it": func(client *net.TCPConn, last []byte) {
			client.Write(last)
			client.Close()
		},
		"by a reset": func(client *net.TCPConn, last []byte) {
			client.SetLinger(0)
			client.Write(last)
			client.Close()
		},
	}
	for name, leave := range leave {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for range 20 {
				client, server := tcpConns(t)
				p := newPair(t, client, server)
				w := p.endpoint(t, Options{PingInterval: -1})
				client.Write(clientFrames(aText + "one"))
				testkit.Within(t, testkit.Patience, "the end is noticed", func() {
					err := w.ReceiveEach(func(batch []bridge.Message) {
						if bridgetest.Text(batch) == "one" {
							leave(client, clientFrames(aText+"two"))
						}
					})
					if closed := new(bridge.CloseError); !errors.As(err, &closed) || closed.Code != bridge.CloseAbnormal {
						t.Errorf("ended with %v", err)
					}
				})
			}
		})
	}
}

// TestStayBusy: a connection is closed at once although a goroutine is in its Stay, busy
// with a message; nothing is read after that.
func TestStayBusy(t *testing.T) {
	t.Parallel()
	client, server := tcpConns(t)
	p := newPair(t, client, server)
	w := p.endpoint(t, Options{})
	busy, free := make(chan struct{}), make(chan struct{})
	release := sync.OnceFunc(func() { close(free) })
	t.Cleanup(release)
	client.Write(clientFrames(aText + "one"))
	done := make(chan struct{})
	var got []string
	go func() {
		defer close(done)
		w.ReceiveEach(func(batch []bridge.Message) {
			got = append(got, bridgetest.Text(batch))
			switch bridgetest.Text(batch) {
			case "one": // read where it is waited for; the next one where one stays
				client.Write(clientFrames(aText + "two"))
			case "two":
				close(busy)
				<-free
			}
		})
	}()
	<-busy
	testkit.Within(t, testkit.Patience, "it is closed", func() { w.Close() })
	if n, err := client.Read(make([]byte, 1)); n > 0 || err == nil {
		t.Errorf("the client reads %d bytes, %v", n, err)
	}
	client.Write(bytes.Repeat(clientFrames(aText+"three"), 1000))
	release()
	testkit.Within(t, testkit.Patience, "it is left", func() { <-done })
	if !slices.Equal(got, []string{"one", "two"}) {
		t.Errorf("received %q", got)
	}
	if err := server.SetDeadline(time.Time{}); !errors.Is(err, net.ErrClosed) {
		t.Errorf("the connection is not closed: %v", err)
	}
}
