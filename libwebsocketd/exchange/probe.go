package exchange

import (
	"net/http"
	"time"
)

// comment keeps what is between us and the client from taking silence for the end,
// unless something is being said anyway, and finds clients that take nothing.
func (c *Client) comment() {
	if c.tookNothing() {
		c.cancel(ErrNotTaking)
		return
	}
	c.probe()
}

// probe sends what says nothing, the header if nothing was sent so far, unless
// something is being said anyway: a client that is gone answers by a reset, which tells
// it from one that has only closed its sending half. An answer that is held back stays
// so.
func (c *Client) probe() { c.tryProbe() }

// tryProbe does what probe does, and reports whether nothing was being said.
func (c *Client) tryProbe() bool {
	if !c.out.writing.TryLock() {
		return false
	}
	defer c.out.writing.Unlock()
	if c.holdsLocked() {
		c.interimLocked()
		return true
	}
	c.writeLocked(func() error {
		return c.out.sendOne(func(b []byte) []byte { return append(b, c.form.Comment()...) })
	})
	return true
}

// probeAfterwards does what probe does once nothing is being said: what was said at the moment
// may have come to the client before it left, and tells nothing.
func (c *Client) probeAfterwards() {
	for !c.tryProbe() {
		select {
		case <-time.After(soonProbe):
		case <-c.closed:
			return
		}
	}
}

// soonProbe is the pause until it is tried again to send something.
const soonProbe = 20 * time.Millisecond

// interim sends an interim response, unless the answer has begun, or is being written.
func (c *Client) interim() {
	if c.out.writing.TryLock() {
		defer c.out.writing.Unlock()
		c.interimLocked()
	}
}

// interimLocked does what interim does. A client that is gone answers by a reset; its system would
// keep us waiting for a minute.
func (c *Client) interimLocked() {
	if !c.opened && !c.ended.Load() && takesInterim(c.in.request) {
		c.out.interim(http.StatusContinue)
	}
}
