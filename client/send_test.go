package client

import (
	"bufio"
	"context"
	"crypto/sha1"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"websocketd/libwebsocketd/bridge"
)

// TestWrite: without a connection Write does not wait; a queue keeps so much.
func TestWrite(t *testing.T) {
	t.Parallel()
	for _, queue := range []int{0, 3} {
		p, address := newProgram(t, lifetimeShared)
		o, l := quick()
		o.Queue = queue
		c := dial(t, address, o)
		if err := c.Write(t.Context(), Message{Kind: Text, Data: []byte("a")}); err != nil {
			t.Error(err)
		}
		eventually(t, "it has come", func() bool { return p.heard() == "a" })
		p.set(func() { p.answer = 503 })
		p.cut(t)
		go c.Read(context.Background())
		eventually(t, "it is lost", func() bool { return strings.Contains(l.said(), "lost") })
		var errs []error
		for _, m := range []string{"b", "c", "de"} {
			errs = append(errs, c.Write(t.Context(), Message{Kind: Text, Data: []byte(m)}))
		}
		want, heard := []error{ErrNotOpen, ErrNotOpen, ErrNotOpen}, "a"
		if queue > 0 {
			want, heard = []error{nil, nil, ErrQueueFull}, "a b c"
		}
		if fmt.Sprint(errs) != fmt.Sprint(want) {
			t.Error(errs)
		}
		p.set(func() { p.answer = 0 })
		eventually(t, "it is back", func() bool { return strings.Contains(l.said(), "resumed") })
		eventually(t, "what was kept has come", func() bool { return p.heard() == heard })
		if err := c.Write(t.Context(), Message{Kind: Text, Data: []byte("f")}); err != nil {
			t.Error(err)
		}
		eventually(t, "it has come", func() bool { return p.heard() == heard+" f" })
		c.Close()
	}
}

// TestWriteLeaves: the context ends a Write that the server does not take. By plain HTTP
// nothing else ends; a WebSocket is made again.
func TestWriteLeaves(t *testing.T) {
	t.Parallel()
	p, address := newProgram(t, lifetimeShared)
	p.upgrades = false
	o, l := quick()
	o.FirstDelay, o.MostDelay = time.Hour, time.Hour // no WebSocket is tried
	c := dial(t, address, o)
	cause := errors.New("enough")
	ctx, cancel := context.WithTimeoutCause(t.Context(), 20*time.Millisecond, cause)
	defer cancel()
	if err := c.Write(ctx, Message{Kind: Text, Data: []byte("hang")}); err != cause {
		t.Error(err)
	}
	if err := c.Write(t.Context(), Message{Kind: Text, Data: []byte("a")}); err != nil || p.heard() != "a" || l.took() != "opened by http" {
		t.Errorf("%v, %s", err, p.heard())
	}
}

// TestCloseWhileStuck: a server that takes nothing does not hold Close up for long.
func TestCloseWhileStuck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, err := Dial(t.Context(), "ws://a.example", &Options{NoResume: true, Dial: func(context.Context, string, string) (net.Conn, error) {
			ours, theirs := net.Pipe()
			go func() {
				in := bufio.NewReader(theirs)
				if r, err := http.ReadRequest(in); err == nil {
					sum := sha1.Sum([]byte(r.Header.Get("Sec-WebSocket-Key") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
					fmt.Fprintf(theirs, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n",
						base64.StdEncoding.EncodeToString(sum[:]))
				}
			}()
			return ours, nil
		}})
		if err != nil {
			t.Fatal(err)
		}
		sent := make(chan error)
		go func() { sent <- c.Write(context.Background(), Message{Kind: Text, Data: []byte("a")}) }()
		synctest.Wait()
		began := time.Now()
		c.Close()
		if took := time.Since(began); took != closeWait {
			t.Errorf("Close has taken %s", took)
		}
		if err := <-sent; err != ErrUnsure {
			t.Error(err)
		}
	})
}

// TestSendWaits: Send waits for a connection.
func TestSendWaits(t *testing.T) {
	t.Parallel()
	p, address := newProgram(t, lifetimeShared)
	o, l := quick()
	c := dial(t, address, o)
	p.set(func() { p.answer = 503 })
	p.cut(t)
	go c.Read(context.Background())
	eventually(t, "it is lost", func() bool { return strings.Contains(l.said(), "lost") })
	sent := make(chan error)
	go func() { sent <- c.Send([]bridge.Message{{Kind: Text, Data: []byte("a")}}) }()
	p.set(func() { p.answer = 0 })
	if err := <-sent; err != nil {
		t.Error(err)
	}
	eventually(t, "it has come", func() bool { return p.heard() == "a" })
}
