package mcp

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/gate"
)

// link is the program's side of a conversation with a process that many requests share:
// shared.Subscription, or session.Attachment.
type link interface {
	libwebsocketd.Broadcast
	SendUntil(ctx context.Context, batch ...libwebsocketd.Message) error
	Leave(cause error)
}

// line connects requests with their process. It is there as long as one of them holds it, and for
// lineTime, so that the process knows when nobody needs it.
type line struct {
	link
	holders int           // guarded by child.holding, as the next two
	quiet   *time.Timer   // ends it when nobody has held it for lineTime; nil: it has had holders ever since
	ended   bool          // nobody can hold it any more
	taken   atomic.Int64  // messages
	cause   error         // how the process ended, if that is why nothing more comes; once over
	over    chan struct{} // closed when nothing more comes
}

// lineTime is how long a line is there that nobody holds. A client that calls again at once, as most
// do, finds it.
const lineTime = 100 * time.Millisecond

// errIdle is why nothing more is read from a process: no request is open.
var errIdle = errors.New("no request is open")

// hold connects a request with the process, by the line that is there or by a new one. The
// caller must call release.
func (c *child) hold(req *libwebsocketd.Request) (*line, *gate.Refusal) {
	c.holding.Lock()
	defer c.holding.Unlock()
	if l := c.line; l != nil && !l.isOver() {
		if l.holders++; l.quiet != nil {
			l.quiet.Stop()
		}
		return l, nil
	}
	to, refusal := c.attach(req)
	if refusal != nil {
		return nil, refusal
	}
	return c.connect(to), nil
}

// connect makes a line of a link. c.holding is held, unless nobody knows c yet.
func (c *child) connect(to link) *line {
	l := &line{link: to, holders: 1, over: make(chan struct{})}
	c.line = l
	l.Watch(func() (int64, bool) { return l.taken.Load(), false })
	go func() {
		c.read(l)
		close(l.over)
		c.endQuiet(l) // when the server shuts down, that is what ends it
	}()
	return l
}

// release ends what hold began. Without a request the line ends, after lineTime.
func (c *child) release(l *line) { c.letGo(l, false) }

// leave does what release does for a client that does not call again at once: it has listened.
func (c *child) leave(l *line) { c.letGo(l, true) }

func (c *child) letGo(l *line, now bool) {
	c.holding.Lock()
	defer c.holding.Unlock()
	switch l.holders--; {
	case l.holders > 0:
	case now || l.isOver():
		c.end(l)
	case l.quiet == nil:
		l.quiet = time.AfterFunc(lineTime, func() { c.endQuiet(l) })
	default:
		l.quiet.Reset(lineTime)
	}
}

// endQuiet ends a line that nobody holds.
func (c *child) endQuiet(l *line) {
	c.holding.Lock()
	defer c.holding.Unlock()
	if l.holders == 0 {
		c.end(l)
	}
}

// end ends a line. c.holding is held.
func (c *child) end(l *line) {
	if l.ended {
		return
	}
	if l.ended = true; l.quiet != nil {
		l.quiet.Stop()
	}
	if c.line == l {
		c.line = nil
	}
	l.Leave(errIdle)
	<-l.over
	l.Close()
}

func (l *line) isOver() bool {
	select {
	case <-l.over:
		return true
	default:
		return false
	}
}

// whyDeaf returns why the process takes no more, when a write has failed with err: most likely it
// has ended, or is about to.
func (l *line) whyDeaf(ctx context.Context, err error) string {
	ctx, cancel := context.WithTimeout(ctx, endTime)
	defer cancel()
	select {
	case <-l.over:
		if l.cause != nil {
			return endedWith(l.cause)
		}
	case <-ctx.Done():
		var ended *endedError
		if cause := context.Cause(ctx); errors.As(cause, &ended) {
			return cause.Error()
		}
	}
	return "the server's process takes no more: " + err.Error()
}

func endedWith(cause error) string { return (&endedError{cause}).Error() }

// endedError is why nothing is answered: the process has ended.
type endedError struct{ cause error }

func (e *endedError) Error() string { return "the server's process ended: " + e.cause.Error() }

// endTime is how long a process may take to end that takes no more input.
const endTime = time.Second

// read takes what the process says, until it ends or no request is open.
func (c *child) read(l *line) {
	for {
		deliveries, err := l.Deliveries()
		if err != nil {
			c.seen(l)
			if !errors.Is(err, errIdle) {
				l.cause = err
				c.lose(l, err)
			}
			return
		}
		for i := range deliveries {
			c.receive(l, &deliveries[i])
		}
		l.taken.Add(int64(len(deliveries)))
		c.seen(l)
	}
}

// receive takes one delivery.
func (c *child) receive(l *line, d *libwebsocketd.Delivery) {
	if d.Chunk == nil {
		if d.Note.Ended != "" {
			c.lose(l, errors.New(d.Note.Ended))
		}
		return
	}
	for m := range d.Chunk.Messages(d.Skip) {
		c.route(l, m.Data)
	}
}

// seen notes how far the process was read, and confirms it if the process waits for that.
func (c *child) seen(l *line) {
	c.position.Store(&position{l.Epoch(), l.After()})
	if confirmer, ok := l.link.(libwebsocketd.Confirmer); ok {
		confirmer.Confirm(l.After())
	}
}

// position is how far a process was read.
type position struct {
	epoch string
	after uint64
}
