package poll

import (
	"context"
	"time"

	"websocketd/libwebsocketd"
)

// lastWait is for the last word to a client when the server is going away.
const lastWait = time.Second

// CloseSend tells the client the end, unless it is gone, and lets go of the rest of
// the body.
func (c *client) CloseSend(cause error) error {
	var err error
	c.ending.Do(func() {
		_, left := context.Cause(c.ctx).(*libwebsocketd.ClosedError)
		c.out.finishBy(c.last(left))
		err = c.write(func() error {
			defer c.ended.Store(true)
			if left {
				return nil
			}
			return c.out.sendOne(func(b []byte) []byte { return c.form.end(b, c.number, cause, c.out.w.Header()) })
		})
		c.cancel(cause)
		c.in.letGo()
	})
	return err
}

// last is when the rest of the answer must be taken.
func (c *client) last(left bool) time.Time {
	switch {
	case left:
		return past
	case context.Cause(c.ctx) == libwebsocketd.ErrGoingAway:
		return time.Now().Add(lastWait)
	case c.interval > 0:
		return time.Now().Add(2 * c.interval)
	}
	return time.Now().Add(2 * libwebsocketd.DefaultPingInterval)
}

// Close ends the client without a word; see CloseSend. Behind CloseSend there is
// nothing to be broken off, and net/http can finish the answer.
func (c *client) Close() error {
	c.once.Do(func() {
		c.stop()
		c.gone()
		free := c.out.writing.TryLock()
		if free {
			c.out.writing.Unlock()
		}
		if !free || !c.ended.Load() {
			c.out.finishBy(past)
		}
		c.in.close()
		close(c.closed)
		c.busy.Wait()
	})
	return nil
}
