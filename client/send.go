package client

import (
	"bytes"
	"context"
	"errors"
	"net"

	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/ws"
)

// Errors of Write.
var (
	// ErrNotOpen is the error of a message while there is no connection.
	ErrNotOpen = errors.New("there is no connection now")
	// ErrQueueFull is the error of a message that Options.Queue has no room for.
	ErrQueueFull = errors.New("there is no connection now, and the queue is full")
	// ErrUnsure is the error of a message during which the connection was lost. The program
	// may have got it. It is not sent again. By plain HTTP the error of a message that was
	// answered by something between, or not at all, is ErrUnsure by [errors.Is] and has the
	// reason.
	ErrUnsure = errors.New("the connection was lost during a message; the program may have got it or not")
)

// queue is messages that wait for a connection.
type queue struct {
	messages []bridge.Message
	size     int
}

// Send implements [bridge.Endpoint]. While there is no connection it waits for one. What is
// under way when a connection is lost may be lost with it, and is not sent again: Lost tells.
// Nor is, by plain HTTP, a message that is refused, or may be lost though the connection
// stays: NotSent tells, and the next one is sent. The error of Send is that of a conversation
// that is over.
func (c *Conn) Send(batch []bridge.Message) error {
	for len(batch) > 0 {
		l, err := c.turn(context.Background(), true)
		if err != nil {
			return err
		}
		n := len(batch)
		if l.via == HTTP { // each is taken or refused by itself
			n = 1
		}
		err = c.sendOver(context.Background(), l, batch[:n])
		if err != errNotSent {
			c.giveUp(batch[0], err)
			batch = batch[n:]
		}
		c.release()
	}
	return nil
}

// Write sends a message. It does not wait for a connection: while there is none, its error
// is ErrNotOpen, or it puts the message into the queue. If ctx is done while the server
// does not take the message, a WebSocket is ended, and made again: nothing can follow half
// a message. By plain HTTP a refusal is its error, a [ws.Refusal], and the connection stays.
func (c *Conn) Write(ctx context.Context, m Message) error {
	for {
		l, err := c.turn(ctx, false)
		if err != nil {
			return err
		}
		if l == nil {
			err = c.keep(m)
		} else {
			err = c.sendOver(ctx, l, []bridge.Message{{Kind: m.Kind, Data: m.Data}})
		}
		c.release()
		switch {
		case err != nil && ctx.Err() != nil:
			return context.Cause(ctx)
		case err != errNotSent:
			return err
		}
	}
}

// keep puts a message into the queue.
func (c *Conn) keep(m Message) error {
	switch {
	case c.o.Queue <= 0:
		return ErrNotOpen
	case c.queue.size+len(m.Data) > c.o.Queue:
		return ErrQueueFull
	}
	c.queue.size += len(m.Data)
	c.queue.messages = append(c.queue.messages, bridge.Message{Kind: m.Kind, Data: bytes.Clone(m.Data)})
	return nil
}

// acquire waits for the right to send.
func (c *Conn) acquire(ctx context.Context) error {
	select {
	case c.sending <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-c.ctx.Done():
		return context.Cause(c.ctx)
	}
}

func (c *Conn) release() { <-c.sending }

// turn waits for the right to send, for a connection, and until what is in the queue is sent.
// If there is no connection, and it is not just being replaced by another, only patient waits
// for one: otherwise there is none, and the right to send. After an error there is no right.
func (c *Conn) turn(ctx context.Context, patient bool) (*link, error) {
	for {
		if err := c.acquire(ctx); err != nil {
			return nil, err
		}
		l, changed, err := c.awaitLink(ctx, patient)
		if err == nil && (l == nil || len(c.queue.messages) == 0) {
			return l, nil
		}
		c.release()
		if err != nil {
			return nil, err
		}
		select { // flush sends it
		case <-changed:
		case <-ctx.Done():
		case <-c.ctx.Done():
		}
	}
}

// awaitLink returns the connection, if there is one or turn waits for it, and what is closed
// when that changes or the queue is sent.
func (c *Conn) awaitLink(ctx context.Context, patient bool) (*link, <-chan struct{}, error) {
	for {
		c.mu.Lock()
		l, down, changed, leaving := c.link, c.down, c.changed, c.leaving
		dead := l != nil && l.dead
		c.mu.Unlock()
		switch {
		case ctx.Err() != nil:
			return nil, nil, context.Cause(ctx)
		case leaving != nil:
			return nil, nil, net.ErrClosed
		case c.ctx.Err() != nil:
			return nil, nil, context.Cause(c.ctx)
		case l != nil && !dead:
			return l, changed, nil
		case (down || dead) && !patient:
			return nil, nil, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
		case <-c.ctx.Done():
		}
	}
}

// errNotSent is the error of messages of which nothing was sent.
var errNotSent = errors.New("nothing was sent")

// sendOver sends over a connection. After errNotSent, and ErrUnsure of a WebSocket, nothing
// more can be sent over it.
func (c *Conn) sendOver(ctx context.Context, l *link, batch []bridge.Message) error {
	err := l.SendContext(ctx, batch)
	if err == nil || l.via == HTTP {
		return err
	}
	c.mu.Lock()
	l.dead = true
	c.mu.Unlock()
	if errors.Is(err, ws.ErrFinished) {
		return errNotSent
	}
	return ErrUnsure
}

// giveUp tells that a message is not sent again, unless it is under way with a connection that
// is lost.
func (c *Conn) giveUp(m bridge.Message, err error) {
	if err != nil && err != ErrUnsure {
		c.o.NotSent(Message{Kind: m.Kind, Data: m.Data}, err)
	}
}

// sendQueued sends what is in the queue, as long as a connection takes it. No Write has a say
// in how long that is: its context is for its own message.
func (c *Conn) sendQueued(l *link) {
	for len(c.queue.messages) > 0 && c.takes(l) {
		m := c.queue.messages[0]
		err := c.sendOver(context.Background(), l, []bridge.Message{m})
		if err == errNotSent {
			return
		}
		c.queue.messages = c.queue.messages[1:]
		c.queue.size -= len(m.Data)
		c.giveUp(m, err)
	}
}

// takes reports whether a connection is in use, and more can be sent over it.
func (c *Conn) takes(l *link) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return l != nil && c.link == l && !l.dead
}

// flush sends what is in the queue once the right to send is there, in a goroutine: the one
// that receives must not wait for a server that waits for it. Every connection begins with it,
// so that whoever finds messages in the queue, and a connection, need only wait.
func (c *Conn) flush() {
	if c.o.Queue <= 0 {
		return
	}
	c.work.Go(func() {
		if c.acquire(context.Background()) != nil {
			return
		}
		defer c.release()
		c.sendQueued(c.current())
		c.mu.Lock()
		defer c.mu.Unlock()
		c.tell()
	})
}
