package ws

import (
	"context"
	"io"
	"net"
	"testing"
	"time"

	"websocketd/libwebsocketd/internal/socket"
	"websocketd/libwebsocketd/internal/testkit"
)

// TestHungUp looks at real connections whose input is not read.
func TestHungUp(t *testing.T) {
	t.Parallel()
	client, server := tcpConns(t)
	defer client.Close()
	defer server.Close()
	c := &conn{Conn: server}
	if gone, leaving := socket.HungUp(c.Conn); gone || leaving {
		t.Errorf("a client that is there: gone %v, leaving %v", gone, leaving)
	}
	client.Write([]byte("unread"))
	client.CloseWrite()
	testkit.Eventually(t, "its end is seen behind what is unread", func() bool {
		gone, leaving := socket.HungUp(c.Conn)
		return leaving && !gone
	})
	client.SetLinger(0)
	client.Close()
	testkit.Eventually(t, "a reset is seen", func() bool {
		gone, _ := socket.HungUp(c.Conn)
		return gone
	})
}

// TestAcknowledged grows with what the client's system takes, and only then.
func TestAcknowledged(t *testing.T) {
	t.Parallel()
	client, server := tcpConns(t)
	defer client.Close()
	defer server.Close()
	c := &conn{Conn: server}
	begin := c.acknowledged()
	server.Write(make([]byte, 1000))
	testkit.Eventually(t, "the client's system has it", func() bool { return c.acknowledged() >= begin+1000 })
	go server.Write(make([]byte, 64<<20))
	defer server.Close()
	stuck := int64(-1)
	testkit.Eventually(t, "the client's system takes no more", func() bool {
		last := stuck
		stuck = c.acknowledged()
		return stuck == last && stuck > begin+1000
	})
	go io.Copy(io.Discard, client)
	testkit.Eventually(t, "it takes more when the client reads", func() bool { return c.acknowledged() > stuck })
}

// TestUnread checks what the system knows of input that we have not read: that it waits,
// and when the last of it came.
func TestUnread(t *testing.T) {
	t.Parallel()
	client, server := tcpConns(t)
	defer client.Close()
	defer server.Close()
	c := &conn{Conn: server}
	if socket.HasUnread(c.Conn) {
		t.Error("something waits though nothing was sent")
	}
	sent := time.Now()
	client.Write([]byte("x"))
	testkit.Eventually(t, "it waits to be read", func() bool { return socket.HasUnread(c.Conn) })
	arrived := time.Now()
	testkit.Eventually(t, "time passes", func() bool { return time.Since(arrived) > 100*time.Millisecond })
	const tick = 20 * time.Millisecond // of the system's clock
	least := time.Since(arrived)
	since := socket.SinceReceived(c.Conn)
	if most := time.Since(sent); since < least-tick || since > most+tick {
		t.Errorf("received %s ago, which was between %s and %s", since, least, most)
	}
	server.Read(make([]byte, 1))
	if socket.HasUnread(c.Conn) {
		t.Error("something waits though it was read")
	}
}

// TestBoundUnsent: of what a client does not take the system takes little. Without
// the bound it is megabytes.
func TestBoundUnsent(t *testing.T) {
	t.Parallel()
	client, server := tcpConns(t)
	defer client.Close()
	defer server.Close()
	c := &conn{Conn: server}
	c.boundUnsent()
	go server.Write(make([]byte, 64<<20))
	unsent, same := socket.Unsent(c.Conn), 0
	testkit.Eventually(t, "the system takes no more", func() bool {
		last := unsent
		if unsent = socket.Unsent(c.Conn); unsent != last {
			same = 0
		}
		same++
		return unsent > 0 && same > 100
	})
	if unsent > 2*mostUnsent {
		t.Errorf("%d bytes are unsent", unsent)
	}
}

// TestHeldBackClientIsGone: a client that ends while its input is held back is
// noticed, in whatever way it ended; one that says no more has ended as well.
func TestHeldBackClientIsGone(t *testing.T) {
	t.Parallel()
	ways := map[string]func(*net.TCPConn){
		"reset": func(c *net.TCPConn) { c.SetLinger(0); c.Close() },
		"end":   func(c *net.TCPConn) { c.Close() },
		"half":  func(c *net.TCPConn) { c.CloseWrite() },
	}
	held := make(map[string]*Endpoint)
	for how, end := range ways {
		p := tcpPair(t)
		w := p.endpoint(t, Options{PingInterval: time.Hour})
		w.alive.received() // no goroutine receives
		p.client.WriteMessage(1, []byte("unread"))
		end(p.wire.(*net.TCPConn))
		held[how] = w
	}
	for how, w := range held {
		testkit.Eventually(t, "the client is found gone: "+how, func() bool { return w.Context().Err() != nil })
		if cause := context.Cause(w.Context()); cause != errHungUp {
			t.Errorf("%s: %v", how, cause)
		}
		w.Close()
	}
}
