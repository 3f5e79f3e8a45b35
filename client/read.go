package client

import (
	"bytes"
	"context"
	"iter"
	"net"
	"sync"

	"websocketd/libwebsocketd/bridge"
)

// Kinds of messages.
const (
	Text   = bridge.Text
	Binary = bridge.Binary
)

// Message is one message.
type Message struct {
	Kind   bridge.Kind
	Data   []byte
	Number uint64 // of a message received, as the program's process counts them; 0 if it has none
}

// pump receives for Read, which may be left before anything comes.
type pump struct {
	start sync.Once
	out   chan received
	once  sync.Once // guards quit
	quit  chan struct{}

	// Of the goroutine that reads.
	received
}

// received is what Receive has returned, copied.
type received struct {
	messages []Message
	err      error
}

func newPump() pump { return pump{out: make(chan received), quit: make(chan struct{})} }

// stop ends the pump, or keeps it from being started.
func (p *pump) stop() {
	p.start.Do(func() {})
	p.once.Do(func() { close(p.quit) })
}

// Read returns the next message, and the last error of Receive after the last message. ctx
// ends the wait for it and nothing else.
func (c *Conn) Read(ctx context.Context) (Message, error) {
	p := &c.pump
	p.start.Do(func() { c.work.Go(c.receiveAll) })
	for len(p.messages) == 0 {
		if p.err != nil {
			return Message{}, p.err
		}
		select {
		case p.received = <-p.out:
		case <-ctx.Done():
			return Message{}, context.Cause(ctx)
		case <-p.quit:
			return Message{}, net.ErrClosed
		}
	}
	m := p.messages[0]
	p.messages = p.messages[1:]
	return m, nil
}

// Messages returns all messages, and at last an error with an empty one: that of Read.
func (c *Conn) Messages(ctx context.Context) iter.Seq2[Message, error] {
	return func(yield func(Message, error) bool) {
		for {
			m, err := c.Read(ctx)
			if !yield(m, err) || err != nil {
				return
			}
		}
	}
}

// receiveAll receives one batch ahead of what is read.
func (c *Conn) receiveAll() {
	for {
		var got received
		batch, number, err := c.receive()
		for i := range batch {
			m := Message{Kind: batch[i].Kind, Data: bytes.Clone(batch[i].Data)}
			if number > 0 {
				m.Number = number + uint64(i)
			}
			got.messages = append(got.messages, m)
		}
		got.err = err
		select {
		case c.pump.out <- got:
		case <-c.pump.quit:
			return
		}
		if err != nil {
			return
		}
	}
}
