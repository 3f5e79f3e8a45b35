package ws

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/gate"
	"websocketd/libwebsocketd/internal/readbuf"
	"websocketd/libwebsocketd/internal/socket"
	"websocketd/libwebsocketd/internal/testkit"
)

// counted returns an endpoint whose messages count against a budget.
func counted(t *testing.T, p *pair, b *gate.Budget) *Endpoint {
	t.Helper()
	return p.endpoint(t, Options{Memory: b})
}

// shortMemory returns a Budget for which another client waits. more gives back what it
// holds.
func shortMemory(t *testing.T) (b *gate.Budget, more func()) {
	t.Helper()
	b = gate.NewBudget(1)
	all, waits := b.Share(nil), b.Share(nil)
	if err := all.Await(t.Context(), 2); err != nil {
		t.Fatal(err)
	}
	ctx, leave := context.WithCancel(t.Context())
	left := make(chan error, 1)
	go func() { left <- waits.Await(ctx, 2) }()
	testkit.Eventually(t, "somebody waits", b.Tight)
	return b, func() {
		leave()
		<-left
		all.Free()
	}
}

// TestShortMemoryHoldsLittle: of a message that has to wait for memory no more is read
// than an idle connection may hold, and a little.
func TestShortMemoryHoldsLittle(t *testing.T) {
	t.Parallel()
	for _, parts := range [][]string{{aText + strings.Repeat("x", 60_000)}, {textBegin + strings.Repeat("x", 30_000), textEnd + strings.Repeat("x", 30_000)}} {
		p := tcpPair(t)
		b, more := shortMemory(t)
		w := counted(t, p, b)
		asked := make(chan int, 100)
		afford := w.frames.afford
		w.frames.afford = func(size int) error {
			asked <- size
			return afford(size)
		}
		sent := clientFrames(parts...)
		go p.wire.Write(sent)
		got := make(chan []bridge.Message, 1)
		go func() {
			batch, _ := w.Receive()
			got <- batch
		}()
		select {
		case size := <-asked:
			if size > 2*readbuf.KeptSize {
				t.Errorf("%d bytes were read before there was memory for them", size)
			}
		case <-got:
			t.Fatal("a message was read whole before there was memory for it")
		}
		more()
		if batch := <-got; len(batch) != 1 || !bytes.Equal(batch[0].Data, []byte(strings.Repeat("x", 60_000))) {
			t.Errorf("%d messages when there was memory", len(batch))
		}
	}
}

// TestTooSlowAndBusy: it is no excuse that something waits to be read when we read all
// the time: the client sends what does not belong to its message.
func TestTooSlowAndBusy(t *testing.T) {
	t.Parallel()
	if !socket.CanLook {
		t.Skip("what waits to be read is not known here")
	}
	p := tcpPair(t)
	w := counted(t, p, gate.NewBudget(0))
	p.wire.Write([]byte("some"))
	testkit.Eventually(t, "something waits to be read", func() bool { return socket.HasUnread(w.conn.Conn) })
	if w.late() {
		t.Error("it is late at the first look")
	}
	w.conn.in.Add(1000) // was read, and more has come
	if !w.late() {
		t.Error("it is not late")
	}
}

// TestTooSlow: a client that is too slow while others wait for memory is refused, unless
// some of its input waits to be read.
func TestTooSlow(t *testing.T) {
	t.Parallel()
	p := tcpPair(t)
	w := counted(t, p, gate.NewBudget(0))
	p.wire.Write(clientFrames(aText + strings.Repeat("x", 10_000))[:9000])
	if socket.CanLook {
		testkit.Eventually(t, "something waits to be read", func() bool { return socket.HasUnread(w.conn.Conn) })
		for range 2 {
			if w.late() {
				t.Error("it is late before we have read")
			}
		}
	}
	ended := make(chan error, 1)
	go func() {
		_, err := w.Receive()
		ended <- err
	}()
	testkit.Eventually(t, "nothing waits to be read", func() bool { return !socket.HasUnread(w.conn.Conn) })
	if !w.late() {
		t.Error("it is not late")
	}
	go func() {
		readFrame(t, p.wire) // the close frame; the client does not stay to be waited for
		p.wire.Close()
	}()
	var refused *bridge.RefusedError
	if err := <-ended; !errors.As(err, &refused) || refused.Code != bridge.ClosePolicyViolation || refused.Reason != ErrTooSlow.Error() {
		t.Errorf("it ended with %v", err)
	}
	if w.share.Held() != 0 {
		t.Errorf("%d bytes are held at the end", w.share.Held())
	}
}

// TestSpare: what is spared comes whole when there is no memory, and more waits for it.
func TestSpare(t *testing.T) {
	t.Parallel()
	p := tcpPair(t)
	b, more := shortMemory(t)
	w := counted(t, p, b)
	w.Spare(64 << 10)
	go p.wire.Write(clientFrames(aText+strings.Repeat("x", 64<<10), aText+strings.Repeat("x", 65<<10)))
	got := make(chan int)
	go func() {
		for range 2 {
			batch, _ := w.Receive()
			size := 0
			for i := range batch {
				size += len(batch[i].Data)
			}
			got <- size
		}
	}()
	if n := <-got; n != 64<<10 {
		t.Errorf("%d bytes have come", n)
	}
	testkit.Eventually(t, "the second one waits", func() bool { return !w.alive.reading.Load() })
	more()
	if n := <-got; n != 65<<10 {
		t.Errorf("%d bytes have come", n)
	}
}
