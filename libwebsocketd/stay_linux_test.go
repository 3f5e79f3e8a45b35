package libwebsocketd

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"net"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"
)

// answers is how often a message goes there and back: an answer that comes between the
// read that has emptied a descriptor and the wait after it must wake the reader.
const answers = 20_000

// rounds is how often a message goes there and back: an answer that comes between the
// read that has emptied a descriptor and the wait after it must wake the reader.
const rounds = 20_000

// TestStayPipe: no answer of a program is overlooked.
func TestStayPipe(t *testing.T) {
	t.Parallel()
	for name, cfg := range map[string]ProcessOptions{"line": {}, "null": {Framing: FramingNull}, "raw": {Framing: FramingRaw}, "binary": {Binary: true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := start(t, cfg, "exec cat")
			got := 0
			answer := func(batch []Message) {
				if got += len(batch); got > answers {
					p.CloseSend(nil)
				} else if err := p.Send(say(strconv.Itoa(got))); err != nil {
					t.Error(err)
				}
			}
			answer(nil)
			within(t, 10*patience, "every answer is received", func() { p.receiveEach(answer) })
			if got <= answers {
				t.Errorf("%d answers", got)
			}
		})
	}
}

// TestStaySocket: no message of a client is overlooked, whole or in pieces.
func TestStaySocket(t *testing.T) {
	t.Parallel()
	client, server := tcpConns(t)
	p := newPair(t, client, server)
	w := p.endpoint(t, WebSocketOptions{})
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
	within(t, 10*patience, "every message is received", func() {
		w.receiveEach(func(batch []Message) {
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
				w := p.endpoint(t, WebSocketOptions{PingInterval: -1})
				client.Write(clientFrames(aText + "one"))
				within(t, patience, "the end is noticed", func() {
					err := w.receiveEach(func(batch []Message) {
						if text(batch) == "one" {
							leave(client, clientFrames(aText+"two"))
						}
					})
					if closed := new(ClosedError); !errors.As(err, &closed) || closed.Code != closeAbnormal {
						t.Errorf("ended with %v", err)
					}
				})
			}
		})
	}
}

// TestStayBusy: a connection is closed at once although somebody stays in it, busy with
// a message; nothing is read after that.
func TestStayBusy(t *testing.T) {
	t.Parallel()
	client, server := tcpConns(t)
	p := newPair(t, client, server)
	w := p.endpoint(t, WebSocketOptions{})
	busy, free := make(chan struct{}), make(chan struct{})
	release := sync.OnceFunc(func() { close(free) })
	t.Cleanup(release)
	client.Write(clientFrames(aText + "one"))
	done := make(chan struct{})
	var got []string
	go func() {
		defer close(done)
		w.receiveEach(func(batch []Message) {
			got = append(got, text(batch))
			switch text(batch) {
			case "one": // read where it is waited for; the next one where one stays
				client.Write(clientFrames(aText + "two"))
			case "two":
				close(busy)
				<-free
			}
		})
	}()
	<-busy
	within(t, patience, "it is closed", func() { w.Close() })
	if n, err := client.Read(make([]byte, 1)); n > 0 || err == nil {
		t.Errorf("the client reads %d bytes, %v", n, err)
	}
	client.Write(bytes.Repeat(clientFrames(aText+"three"), 1000))
	release()
	within(t, patience, "it is left", func() { <-done })
	if !slices.Equal(got, []string{"one", "two"}) {
		t.Errorf("received %q", got)
	}
	if err := server.SetDeadline(time.Time{}); !errors.Is(err, net.ErrClosed) {
		t.Errorf("the connection is not closed: %v", err)
	}
}

// TestStayClosedOutput: the beginning of a line is told when a program closes its
// output, not when it exits.
func TestStayClosedOutput(t *testing.T) {
	t.Parallel()
	p := start(t, ProcessOptions{}, "echo one; read line; echo two; printf three; exec >&-; read line")
	var got []string
	within(t, patience, "it is received", func() {
		p.receiveEach(func(batch []Message) {
			got = append(got, text(batch))
			switch text(batch) {
			case "one":
				p.Send(say("go on"))
			case "three":
				p.Send(say("go on"))
			}
		})
	})
	if joined := slices.Concat(got); len(joined) < 2 || joined[len(joined)-1] != "three" {
		t.Errorf("received %q", got)
	}
}
