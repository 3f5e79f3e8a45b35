package client

import (
	"context"
	"fmt"
	"strings"
	"testing"

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
