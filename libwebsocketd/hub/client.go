package hub

import (
	"context"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/record"
)

// Client is a client of a Hub. Its methods may be called concurrently.
type Client struct {
	ID       uint64   // the number of the client, in the order in which they have come
	Identity Identity // who it is
	Remote   string   // its address

	hub    *Hub
	link   bridge.Listener
	ctx    context.Context // done when the client is gone, or is to go
	cancel context.CancelCauseFunc
	out    outbox
	one    bool                       // it has come for one channel, and gets nothing else
	subs   map[*Channel]*subscription // nil when it is gone; Hub.mu guards it

	turns atomic.Uint64 // odd while something is being written
	seen  stall         // only for Hub.look
}

func (h *Hub) newClient(link bridge.Listener, who Identity, remote string) *Client {
	c := &Client{Identity: who, Remote: remote, hub: h, subs: map[*Channel]*subscription{}}
	c.out.wake, c.out.all = make(chan struct{}, 1), &h.posted
	c.attach(link)
	return c
}

// attach makes link the client's. It must be called before the client is added.
func (c *Client) attach(link bridge.Listener) {
	c.link = link
	c.ctx, c.cancel = context.WithCancelCause(link.Context())
}

// serve holds the conversation.
func (c *Client) serve() {
	var reading sync.WaitGroup
	reading.Go(c.read)
	why := c.write()
	c.out.close() // the reader may wait for room
	c.hub.slowClients.count(why)
	c.turns.Add(1)
	c.link.CloseSend(why)
	c.turns.Add(1)
	reading.Wait()
	c.link.Close()
}

// Close ends the conversation. The client is sent a close code and a reason, of which at most
// 123 bytes. It does not wait for that.
func (c *Client) Close(code int, reason string) {
	c.cancel(&bridge.CloseWith{Code: code, Reason: reason})
}

// read obeys the client until it is gone. One that only says no more still listens.
func (c *Client) read() {
	if c.hub.Connected != nil {
		c.hub.tell("Connected", func() { c.hub.Connected(c) })
	}
	err := bridge.ReceiveEach(c.link, func(batch []bridge.Message) {
		for i := range batch {
			c.obey(batch[i].Data)
		}
	})
	if err != io.EOF {
		c.cancel(err)
	}
}

// Reply sends a message to this client alone. It waits while the client does not take what
// it was sent before, and is for what the client has asked for. Data that encoding/json does
// not take makes it an error without data.
func (c *Client) Reply(m Message) { c.answer(reply(m)) }

// answer sends a text to this client alone.
func (c *Client) answer(message []byte) { c.out.answer(c.ctx, message) }

// write sends the client what there is for it, until it is gone. It returns why.
func (c *Client) write() error {
	for {
		select {
		case <-c.out.wake:
			if err := c.writeAll(c.ctx); err != nil {
				return c.cause(err)
			}
		case <-c.ctx.Done():
			if why := context.Cause(c.ctx); why == bridge.ErrGoingAway || why == errMoved {
				c.writeLast()
			}
			return c.cause(nil)
		}
	}
}

// cause returns why the conversation ends: because of the client, or else because of err.
func (c *Client) cause(err error) error {
	if cause := context.Cause(c.ctx); cause != nil {
		return cause
	}
	return err
}

// room is where a write is put together. It is held only while there is something to write.
type room struct {
	entries [mostItems]record.Entry[*item]
	out     []bridge.Delivery
}

// mostItems bounds the items of a channel in one write.
const mostItems = 64

var rooms = sync.Pool{New: func() any { return &room{out: make([]bridge.Delivery, 0, mostItems+mostReplies)} }}

// lastWait bounds what is sent after the end of Run, to a client that takes each write of it
// within two looks.
const lastWait = 5 * time.Second

// writeLast sends what was published before the end of Run.
func (c *Client) writeLast() {
	ctx, cancel := context.WithTimeout(context.Background(), lastWait)
	defer cancel()
	c.writeAll(ctx) // why it fails is known: the client is to go
}

// writeAll sends what there is until there is no more, or ctx is done.
func (c *Client) writeAll(ctx context.Context) error {
	r := rooms.Get().(*room)
	defer rooms.Put(r)
	for ctx.Err() == nil {
		err := c.gather(r)
		if len(r.out) > 0 {
			c.turns.Add(1)
			failed := c.link.Deliver(r.out)
			c.turns.Add(1)
			clear(r.out)
			if failed != nil {
				return failed
			}
		}
		if err != nil || len(r.out) == 0 {
			return err
		}
	}
	return nil
}

// gather puts into r.out what can be sent at once: the answers, and something of each channel
// in turn, as much as a write may have.
func (c *Client) gather(r *room) error {
	r.out = c.out.take(r.out[:0])
	defer clear(r.entries[:])
	for messages, bytes := 0, 0; messages < mostLines && bytes < mostBytes; {
		s := c.out.unqueue()
		if s == nil {
			return nil
		}
		if s.left.Load() {
			continue
		}
		before := len(r.out)
		var more bool
		var err error
		if r.out, more, err = s.next(r.out, r.entries[:0]); err != nil {
			return err
		}
		if more {
			c.out.queue(s)
		}
		for _, d := range r.out[before:] {
			if d.Chunk != nil {
				messages, bytes = messages+int(d.Chunk.Tally().Messages), bytes+d.Chunk.Size()
			}
		}
	}
	return nil
}

// said returns a text for one client as a Delivery.
func said(message []byte) bridge.Delivery {
	return bridge.Delivery{Note: &bridge.Note{Said: string(message)}}
}

// stall is how a client was when it was last looked at.
type stall struct {
	turn  uint64
	acked int64
	since time.Duration // it has taken nothing, or is to go, for so long
}
