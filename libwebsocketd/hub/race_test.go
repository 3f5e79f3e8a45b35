package hub

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/internal/testkit"
)

// TestAtOnce: everything a hub can do happens at once, the hooks call back into it, and nothing
// waits for itself. At the end nothing is left.
func TestAtOnce(t *testing.T) {
	var h *Hub
	callBack := func(c *Client) {
		h.Subscribe(c, "hook")
		h.Stats()
		h.SendToChannel("hook", Message{Type: "x"})
		if c.ID%7 == 0 {
			c.Close(bridge.ClosePolicyViolation, "from a hook")
		}
	}
	h, serving, stop := run(Options{
		MaxBytes: 256 << 10, MaxChannels: 20, MaxSubs: 5, Limits: Limits{Messages: 50, Age: time.Minute},
		Authorize: func(c *Client, channel string) error {
			if h.ChannelSubscriberCount(channel) > 30 {
				h.Unsubscribe(c, channel)
				return context.Canceled
			}
			return nil
		},
		Connected: callBack, Disconnected: callBack,
		Unknown: func(c *Client, _ []byte) { c.Reply(Message{Type: "unknown"}) },
	})
	awaitRunning(t, h)
	const rounds = 300
	var busy sync.WaitGroup
	name := func() string { return fmt.Sprintf("c%d", rand.N(25)) }
	each := func(n int, do func()) {
		for range n {
			busy.Go(func() {
				for range rounds {
					do()
				}
			})
		}
	}
	each(3, func() { h.SendToChannel(name(), Message{Type: TypeStatus, Data: make([]byte, rand.N(4<<10))}) })
	each(1, func() {
		ch, _ := h.Open(name(), Limits{Messages: 10})
		ch.Output("p", []bridge.Message{{Kind: bridge.Text, Data: []byte("line")}, {Kind: bridge.Binary}})
		ch.Close()
	})
	each(1, func() { h.SendEvent("e", nil) })
	each(1, func() { h.forget(time.Now().Add(time.Duration(rand.N(20)) * time.Minute)) })
	each(1, func() { h.Infos(); h.Clients(); h.Channels(); h.SlowClients() })
	each(1, func() {
		if all := h.Clients(); len(all) > 0 {
			c := all[rand.N(len(all))]
			h.Subscribe(c, name())
			h.Unsubscribe(c, name())
			if rand.N(5) == 0 {
				c.Close(4000, "kicked")
			}
		}
	})
	each(8, func() {
		l := join(t, h, serving)
		for range rand.N(6) {
			l.say(fmt.Sprintf(`{"type":"subscribe","data":%q}`, name()))
			l.say(fmt.Sprintf(`{"type":"subscribe","data":%q,"after":"E:%d"}`, name(), rand.N(9)))
			l.say(fmt.Sprintf(`{"type":"unsubscribe","data":%q}`, name()))
			l.say(`{"type":"ping"}`)
			l.say(`?`)
		}
		l.Close()
	})
	testkit.Within(t, time.Minute, "everything has been done", busy.Wait)
	testkit.Within(t, time.Minute, "the hub ends", stop)
	if h.Stats() != (Stats{}) || h.subs != 0 || h.seats != 0 || h.all.count.Load() != 0 {
		t.Errorf("left: %+v, %d subscriptions, %d seats", h.Stats(), h.subs, h.seats)
	}
	h.forget(time.Now().Add(time.Hour))
	if n := len(h.Infos()); n != 0 || h.held.Load() != int64(h.all.record.Bytes()) {
		t.Errorf("left: %d channels, %d bytes", n, h.held.Load())
	}
}

// TestAfterTheEnd: what is asked of a client that is gone is refused, and does no harm; a Run
// whose context is done ends.
func TestAfterTheEnd(t *testing.T) {
	gone := make(chan *Client, 1)
	h, serving, stop := run(Options{Disconnected: func(c *Client) { gone <- c; panic("it is contained") }})
	awaitRunning(t, h)
	l := join(t, h, serving)
	testkit.Eventually(t, "it is there", func() bool { return h.ClientCount() == 1 })
	l.Close()
	c := <-gone
	if err := h.Subscribe(c, "x"); err != ErrGone {
		t.Error(err)
	}
	h.Unsubscribe(c, "x")
	c.Reply(Message{Type: "x"})
	c.Close(1000, "")
	stop()
	done, cancel := context.WithCancel(t.Context())
	cancel()
	if err := New(Options{}).Run(done); err != nil {
		t.Error(err)
	}
}
