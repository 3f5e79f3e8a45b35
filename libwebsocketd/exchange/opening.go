package exchange

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"websocketd/libwebsocketd/bridge"
)

const (
	// gatherWait is how long the beginning of an Opener's answer waits for more: most
	// programs have ended by then. Header and body then go out together and with their
	// length, as simple clients need it that read once.
	gatherWait = 20 * time.Millisecond
	gatherMost = 32 << 10
)

// opening is the beginning of an Opener's answer, which is held back.
type opening struct {
	form   Opener
	said   []byte        // status and header as far as they have come, then of the body
	status int           // 0 until it has come
	headed chan struct{} // closed then
	failed error         // why it will not come
}

func newOpening(form Opener) *opening { return &opening{form: form, headed: make(chan struct{})} }

// holdsLocked reports whether what the program says is held back.
func (c *Client) holdsLocked() bool { return c.opening != nil && !c.opened && !c.ended.Load() }

// holdLocked takes what the program says before its answer begins.
func (c *Client) holdLocked(batch []bridge.Message) error {
	o := c.opening
	switch {
	case o.failed != nil:
		return o.failed
	case c.isClosed():
		return errEnded
	}
	for i := range batch {
		c.number++
		o.said = c.form.Message(o.said, c.number, &batch[i])
	}
	if err := o.read(c.out.w.Header()); err != nil {
		return err
	}
	if o.status != 0 && len(o.said) > gatherMost {
		return c.writeLocked(c.open)
	}
	return nil
}

// read takes status and header off what was said, once they are whole.
func (o *opening) read(h http.Header) error {
	if o.status != 0 {
		return nil
	}
	status, body, err := o.form.Open(o.said, h)
	if o.failed = err; err == nil && status != 0 {
		o.status, o.said = status, body
		close(o.headed)
	}
	return err
}

// openSoon begins the answer a moment after its header has come.
func (c *Client) openSoon() {
	select {
	case <-c.opening.headed:
	case <-c.closed:
		return
	}
	wait := time.NewTimer(gatherWait)
	defer wait.Stop()
	select {
	case <-wait.C:
	case <-c.closed:
		return
	}
	c.out.writing.Lock()
	defer c.out.writing.Unlock()
	if c.holdsLocked() && !isBodyFault(context.Cause(c.ctx)) {
		c.writeLocked(c.open)
	}
}

// isBodyFault reports whether a conversation ends because the program gets no whole body:
// what it has made of it is no answer.
func isBodyFault(cause error) bool { return cause == ErrStalled || cause == ErrBroken }

// open begins the answer with what is held of it.
func (c *Client) open() error {
	c.in.keepOrNot(c.out.w.Header())
	c.out.w.WriteHeader(c.opening.status)
	held := c.opening.said
	c.opening.said = nil
	err := c.out.write(held)
	if err == nil || errors.Is(err, http.ErrContentLength) { // more than the header says: that at least is sent
		err = errors.Join(err, c.out.flush())
	}
	return err
}

// endOpening ends an answer that has not begun: one that is all there says how long it
// is. Another takes its place if it has no status, or if the program got no whole body.
func (c *Client) endOpening(cause error) error {
	if c.opening.status == 0 || isBodyFault(cause) {
		c.in.keepOrNot(c.out.w.Header())
		c.out.grant(c.out.timeout)
		c.opening.form.Refuse(c.out.w, cause)
		c.whole = true
		return c.out.flush()
	}
	whole := isExit(cause)
	if h := c.out.w.Header(); whole && h.Get("Content-Length") == "" && c.mayHaveBody() {
		h.Set("Content-Length", strconv.Itoa(len(c.opening.said)))
	}
	err := c.open()
	c.whole = whole && err == nil
	return err
}

// mayHaveBody reports whether the answer may have a body (RFC 9110 section 6.4.1).
func (c *Client) mayHaveBody() bool {
	status := c.opening.status
	return c.in.request.Method != http.MethodHead && status != http.StatusNoContent && status != http.StatusNotModified
}
