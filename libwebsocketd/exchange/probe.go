package exchange

import "net/http"

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
func (c *Client) probe() {
	if !c.out.writing.TryLock() {
		return
	}
	defer c.out.writing.Unlock()
	if c.holdsLocked() {
		c.interimLocked()
		return
	}
	c.writeLocked(func() error {
		return c.out.sendOne(func(b []byte) []byte { return append(b, c.form.Comment()...) })
	})
}

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
