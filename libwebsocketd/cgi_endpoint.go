package libwebsocketd

import (
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/ws"
)

// cgiEndpoint is an HTTP request and its answer as the client's side of a
// conversation: the body is received, the script's output is sent.
type cgiEndpoint struct {
	r      *http.Request
	rc     *http.ResponseController
	answer cgiAnswer
	guard  cgiGuard
	ctx    context.Context
	cancel context.CancelCauseFunc
	settle func()

	buf     []byte
	batch   [1]bridge.Message
	read    atomic.Bool  // the body is over
	waiting atomic.Bool  // for more of the body
	came    atomic.Int64 // bytes of the body

	once sync.Once
}

const (
	cgiRead     = 32 << 10    // bytes read of a body at once
	cgiFarewell = time.Second // for the end of an answer when the server goes away
)

var (
	errBodyStalled = errors.New("the client has neither sent more of the request's body nor taken anything of the answer for two ping intervals")
	errBodyBroken  = errors.New("the request's body broke off")
)

// newCGIEndpoint ends with the request, and with the server's ctx. A client is given
// two intervals for each step it makes; without one it is waited for for ever.
func newCGIEndpoint(ctx context.Context, w http.ResponseWriter, r *http.Request, interval time.Duration) *cgiEndpoint {
	c := &cgiEndpoint{r: r, rc: http.NewResponseController(w), buf: make([]byte, cgiRead)}
	c.ctx, c.cancel = context.WithCancelCause(ctx)
	c.rc.EnableFullDuplex() // HTTP/1; others are
	c.read.Store(r.ContentLength == 0)
	c.answer = cgiAnswer{w: w, rc: c.rc, patience: 2 * interval, head: r.Method == http.MethodHead, begin: c.keepOrNot}
	gone, settle := untilGone(r)
	stop := context.AfterFunc(gone, c.gone)
	c.settle = func() {
		stop()
		settle()
	}
	c.guard.start(c, interval)
	return c
}

// gone is for a client that has left.
func (c *cgiEndpoint) gone() { c.cancel(&bridge.CloseError{Code: bridge.CloseAbnormal}) }

// Context is done when the client is gone or the server is going away.
func (c *cgiEndpoint) Context() context.Context { return c.ctx }

// Receive reads the body. io.EOF is its end: the script's input ends then too.
func (c *cgiEndpoint) Receive() ([]bridge.Message, error) {
	for {
		c.waiting.Store(true)
		n, err := c.r.Body.Read(c.buf)
		c.waiting.Store(false)
		c.came.Add(int64(n))
		if err == io.EOF {
			c.read.Store(true)
		}
		if n > 0 {
			c.batch[0] = bridge.Message{Kind: bridge.Binary, Data: c.buf[:n]}
			return c.batch[:], nil
		}
		if err != nil && err != io.EOF {
			c.cancel(errBodyBroken)
		}
		if err != nil {
			return nil, err
		}
	}
}

// Send passes output on, of which only the first is held back for a moment.
func (c *cgiEndpoint) Send(batch []bridge.Message) error {
	for _, m := range batch {
		if err := c.answer.write(m.Data); err != nil {
			if c.answer.failure() == nil {
				c.gone()
			}
			return err
		}
	}
	if err := c.answer.flush(); err != nil {
		c.gone()
		return err
	}
	return nil
}

// CloseSend ends the answer. A body nobody reads any more is not waited for.
func (c *cgiEndpoint) CloseSend(cause error) error {
	if errors.Is(cause, bridge.ErrGoingAway) {
		c.answer.finishBy(time.Now().Add(cgiFarewell))
	}
	c.answer.end(cause)
	return c.Close()
}

// keepOrNot tells an HTTP/1 client that its connection is not used again when
// some of the body may be left on it.
func (c *cgiEndpoint) keepOrNot(h http.Header) {
	if !c.read.Load() && c.r.ProtoMajor == 1 {
		h.Set("Connection", "close")
	}
}

// linger lets net/http take what is left of the body off the connection, so that
// closing it does not destroy the answer.
func (c *cgiEndpoint) linger() {
	if !c.read.Load() {
		c.rc.SetReadDeadline(time.Now().Add(time.Second))
	}
}

// Close unblocks Receive and Send. A connection whose body was not read to its end
// cannot be used again.
func (c *cgiEndpoint) Close() error {
	c.once.Do(func() {
		c.cancel(nil)
		c.settle()
		c.guard.stop()
		c.answer.stop()
		if !c.read.Load() {
			c.rc.SetReadDeadline(ws.Past)
		}
	})
	return nil
}
