package poll

import (
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"websocketd/libwebsocketd"
)

// errEnded is what Send returns after the end.
var errEnded = errors.New("the answer has ended")

var _ libwebsocketd.Listener = (*client)(nil)

// client is a request and its answer as the client's side of a conversation: the
// body is received, what the program says is sent. It is a libwebsocketd.Listener.
type client struct {
	out      *stream
	in       *body
	form     encoder
	peer     connState
	interval time.Duration // of pings; not positive: none
	ctx      context.Context
	cancel   context.CancelCauseFunc
	stop     func() bool

	number       uint64 // of the last message; out.writing guards it
	acknowledged int64  // what peer had taken at the last comment
	still        int    // comments since that has changed
	ended        atomic.Bool
	opened       bool // something of the answer was sent; out.writing guards it
	whole        bool // all of it was; out.writing guards it
	ending       sync.Once
	once         sync.Once
	closed       chan struct{}
	busy         sync.WaitGroup // comments and the guard
}

// newClient is done when the request is, or going. An interval that is not positive
// waits for ever.
func newClient(going context.Context, w http.ResponseWriter, in *body, f encoder, interval time.Duration) *client {
	c := &client{out: newStream(w, 2*interval), in: in, form: f, interval: interval, closed: make(chan struct{})}
	c.ctx, c.cancel = context.WithCancelCause(going)
	c.stop = context.AfterFunc(in.request.Context(), c.gone)
	return c
}

// gone ends the conversation with a client that has left.
func (c *client) gone() { c.cancel(&libwebsocketd.CloseError{Code: libwebsocketd.CloseAbnormal}) }

// begin sends the header, when message number before was the last. Where only the
// header can tell the ending it is sent with what the program says first; but a client
// whose body has no length that is known may wait for it before it goes on.
func (c *client) begin(before uint64) {
	c.number = before
	c.in.begin(c.out.w)
	h := c.out.w.Header()
	c.form.header(h)
	streams(h)
	if c.form.tells() || c.in.request.ContentLength < 0 {
		c.probe()
	}
	if c.form.comment() != "" {
		c.every(c.interval, c.comment)
	}
	if !c.in.over.Load() {
		c.every(c.guardInterval(), newGuard(c).look)
	}
}

// every calls f now and then, until Close.
func (c *client) every(interval time.Duration, f func()) {
	if interval <= 0 {
		return
	}
	c.busy.Go(func() {
		tick := time.NewTicker(interval)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				f()
			case <-c.closed:
				return
			}
		}
	})
}

// comment keeps what is between us and the client from taking silence for the end,
// unless something is being said anyway, and finds clients that take nothing.
func (c *client) comment() {
	if c.tookNothing() {
		c.gone()
		return
	}
	c.probe()
}

// probe sends what says nothing, the header if nothing was sent so far, unless
// something is being said anyway: a client that is gone answers by a reset, which tells
// it from one that has only closed its sending half.
func (c *client) probe() {
	if !c.out.writing.TryLock() {
		return
	}
	defer c.out.writing.Unlock()
	c.writeLocked(func() error {
		return c.out.sendOne(func(b []byte) []byte { return append(b, c.form.comment()...) })
	})
}

// interim sends an interim response, unless the answer has begun: a client that is gone
// answers by a reset. The one that all clients know is 100; every client of HTTP/1.1
// takes it unasked (RFC 9110 section 15.2).
func (c *client) interim() {
	if !c.in.request.ProtoAtLeast(1, 1) || c.in.request.ProtoMajor != 1 || !c.out.writing.TryLock() {
		return
	}
	defer c.out.writing.Unlock()
	if !c.opened && !c.ended.Load() {
		c.out.interim(http.StatusContinue)
	}
}

// isWhole reports whether all of the answer was sent.
func (c *client) isWhole() bool {
	c.out.writing.Lock()
	defer c.out.writing.Unlock()
	return c.whole
}

// Context is done when the client is gone or the server is going away.
func (c *client) Context() context.Context { return c.ctx }

// Receive reads the body. io.EOF is its end: the program's input ends then, too.
func (c *client) Receive() ([]libwebsocketd.Message, error) {
	batch, err := c.in.next()
	if err != nil && err != io.EOF {
		c.gone()
		err = context.Cause(c.ctx)
	}
	return batch, err
}

// Send writes what the program says at once, and counts it.
func (c *client) Send(batch []libwebsocketd.Message) error {
	return c.write(func() error {
		i := 0
		return c.out.send(func(b []byte) ([]byte, bool) {
			if i < len(batch) {
				c.number++
				b = c.form.message(b, c.number, &batch[i])
			}
			i++
			return b, i < len(batch)
		})
	})
}

// Deliver writes what a Broadcast says at once, with its own numbers. The text of its
// messages is that of all its clients.
func (c *client) Deliver(deliveries []libwebsocketd.Delivery) error {
	return c.write(func() error {
		for i := range deliveries {
			if err := c.deliver(&deliveries[i]); err != nil {
				return err
			}
		}
		return c.out.flush()
	})
}

// BytesAcked counts bytes that the client's system has taken, as far as that is known.
func (c *client) BytesAcked() (count int64, rest bool) {
	if count, rest, known := c.peer.BytesAcked(); known {
		return count, rest
	}
	return c.out.taken.Load(), true
}

func (c *client) deliver(d *libwebsocketd.Delivery) error {
	c.number = d.First + uint64(d.Skip) - 1
	if d.Chunk == nil {
		return c.out.write(c.form.note(nil, c.number, d.Note))
	}
	rest := remainder{d.Chunk, d.First}
	for last := d.First - 1 + uint64(d.Chunk.Tally().Messages); c.number < last; {
		s := formed.section(c.form, d.Chunk, c.number+1, &rest)
		if err := c.out.write(s.text); err != nil {
			return err
		}
		c.number += uint64(s.messages)
	}
	return nil
}

// write has the right to write while send is at work.
func (c *client) write(send func() error) error {
	c.out.writing.Lock()
	defer c.out.writing.Unlock()
	return c.writeLocked(send)
}

// writeLocked ends the conversation with a client that cannot be written to.
func (c *client) writeLocked(send func() error) error {
	if c.ended.Load() {
		return errEnded
	}
	err := send()
	c.opened = true
	if err != nil {
		c.gone()
	}
	return err
}
