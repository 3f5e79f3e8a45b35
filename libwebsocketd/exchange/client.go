package exchange

import (
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/internal/after"
)

// defaultInterval stands for the ping interval, without pings, where something must not
// last for ever.
const defaultInterval = 30 * time.Second

// errEnded is what Send returns after the end.
var errEnded = errors.New("the answer has ended")

var _ bridge.Confirming = (*Client)(nil)

// Client is a request and its answer as the client's side of a conversation. It is a
// bridge.Listener, and bridge.Confirming.
type Client struct {
	out      *writer
	in       *body
	form     Encoder
	peer     Peer
	gzip     *Gzip
	silent   context.Context
	interval time.Duration // of pings; not positive: none
	ctx      context.Context
	cancel   context.CancelCauseFunc
	settle   []func()                 // wait for what was to happen when a context is done
	repeats  []func()                 // end comments and the guard
	receipts atomic.Pointer[receipts] // nil if the program does not ask what the client has

	number       uint64    // of the last message; out.writing guards it
	opening      *opening  // nil if form is no Opener; out.writing guards it
	acknowledged int64     // what peer had taken at the last comment
	still        int       // comments since that has changed
	asked        time.Time // when that was asked last
	ended        atomic.Bool
	opened       bool // something of the answer was sent; out.writing guards it
	whole        bool // all of it was; out.writing guards it
	ending       sync.Once
	once         sync.Once
	closed       chan struct{}
	busy         sync.WaitGroup // the end of holding back
}

// Options are the settings of a Client. Encoder and Peer are required.
type Options struct {
	Encoder  Encoder
	Peer     Peer
	Interval time.Duration // between pings; not positive: the client may be silent for ever

	// Silent is done when nothing more comes from the client: it is gone, or has only
	// closed its sending half. nil: never.
	Silent context.Context

	Preamble    []bridge.Message // received before anything of the body
	IgnoresBody bool             // the request's body means nothing

	Gzip *Gzip // compresses the answer, but not that of an Opener; may be nil
}

// New returns the Client of a request, whose Context must be done when the client has
// left. The conversation ends then, and when going is done. The caller calls Begin, and
// Close at the end.
func New(going context.Context, w http.ResponseWriter, r *http.Request, o Options) *Client {
	c := &Client{
		out: newWriter(w, 2*o.Interval), in: newBody(w, r, o.Preamble, o.IgnoresBody),
		form: o.Encoder, peer: o.Peer, gzip: o.Gzip, silent: o.Silent, interval: o.Interval, closed: make(chan struct{}),
	}
	if form, ok := o.Encoder.(Opener); ok {
		c.opening = newOpening(form)
	}
	c.ctx, c.cancel = context.WithCancelCause(going)
	c.settle = []func(){after.Done(r.Context(), c.gone)}
	return c
}

// gone ends the conversation with a client that has left.
func (c *Client) gone() { c.cancel(&bridge.CloseError{Code: bridge.CloseAbnormal}) }

// Begin sends the header, when message number before was the last. Where only the
// header can tell the ending it is sent with what the program says first; but a client
// whose body has no length that is known may wait for it before it goes on.
func (c *Client) Begin(before uint64) {
	c.number = before
	c.in.begin(c.out)
	c.form.Header(c.out.w.Header())
	if c.opening != nil {
		c.busy.Go(c.openSoon)
	} else {
		c.in.keepOrNot(c.out.w.Header())
		c.out.zip = c.gzip.start(c.out.w.Header(), c.in.request)
		if c.form.Tells() || c.in.request.ContentLength < 0 {
			c.probe()
		}
	}
	comments := c.form.Comment() != ""
	if comments {
		c.every(c.interval, c.comment)
	}
	if !comments || !c.in.over.Load() {
		c.every(c.lookInterval(), newGuard(c).look)
	}
	if c.silent != nil {
		c.settle = append(c.settle, after.Done(c.silent, c.probeAfterwards))
	}
}

// every calls f now and then, until Close.
func (c *Client) every(interval time.Duration, f func()) {
	if interval > 0 {
		c.repeats = append(c.repeats, after.Every(interval, f))
	}
}

// Context returns a context that is done when the client is gone or the server is going
// away.
func (c *Client) Context() context.Context { return c.ctx }

// Receive reads the body. io.EOF is its end: the program's input ends then, too.
func (c *Client) Receive() ([]bridge.Message, error) {
	batch, err := c.in.next()
	if err != nil && err != io.EOF {
		c.cancel(ErrBroken)
		err = context.Cause(c.ctx)
	}
	return batch, err
}

// Send writes what the program says at once, and counts it.
func (c *Client) Send(batch []bridge.Message) error {
	c.out.writing.Lock()
	defer c.out.writing.Unlock()
	if c.holdsLocked() {
		return c.holdLocked(batch)
	}
	return c.writeLocked(func() error {
		i := 0
		return c.out.send(func(b []byte) ([]byte, bool) {
			if i < len(batch) {
				c.number++
				b = c.form.Message(b, c.number, &batch[i])
			}
			i++
			return b, i < len(batch)
		})
	})
}

// Deliver writes what a Broadcast says at once, with its own numbers. The text of its
// messages is that of all its clients.
func (c *Client) Deliver(deliveries []bridge.Delivery) error {
	r := c.receipts.Load()
	if r != nil {
		r.before()
	}
	err := c.write(func() error {
		for i := range deliveries {
			if err := c.deliver(&deliveries[i]); err != nil {
				return err
			}
		}
		return c.out.flush()
	})
	if r != nil && err == nil {
		r.written(bridge.Last(deliveries))
	}
	return err
}

func (c *Client) deliver(d *bridge.Delivery) error {
	c.number = d.First + uint64(d.Skip) - 1
	if d.Chunk == nil {
		return c.out.write(c.form.Note(nil, c.number, d.Note))
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

// BytesAcked counts bytes that the client's system has taken, as far as that is known.
func (c *Client) BytesAcked() (count int64, rest bool) {
	taken := c.out.taken.Load()
	if count, rest, known := c.peer.BytesAcked(taken); known {
		return count, rest
	}
	return taken, true
}

// write has the right to write while send is at work.
func (c *Client) write(send func() error) error {
	c.out.writing.Lock()
	defer c.out.writing.Unlock()
	return c.writeLocked(send)
}

// writeLocked ends the conversation with a client that cannot be written to.
func (c *Client) writeLocked(send func() error) error {
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
