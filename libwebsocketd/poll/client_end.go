package poll

import (
	"context"
	"errors"
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
		_, left := context.Cause(c.ctx).(*libwebsocketd.CloseError)
		c.out.finishBy(time.Now().Add(c.lastWait()))
		err = c.write(func() error {
			defer c.ended.Store(true)
			if left {
				return nil
			}
			whole := !c.opened || c.form.tells() || isExit(cause)
			err := c.out.sendOne(func(b []byte) []byte { return c.form.end(b, c.number, cause, c.out.w.Header()) })
			c.whole = whole && err == nil
			return err
		})
		c.cancel(cause)
		c.in.letGo(c.lastWait())
	})
	return err
}

// isExit reports whether a program has ended by itself, with whatever status: what it
// has said is all there is.
func isExit(cause error) bool {
	var ended *libwebsocketd.EndedError
	return errors.As(cause, &ended) && ended.Signal == 0
}

// lastWait is how long the rest of the answer may take.
func (c *client) lastWait() time.Duration {
	switch {
	case context.Cause(c.ctx) == libwebsocketd.ErrGoingAway:
		return lastWait
	case c.interval > 0:
		return 2 * c.interval
	}
	return 2 * libwebsocketd.DefaultPingInterval
}

// Close ends the client without a word; see CloseSend. After CloseSend there is
// nothing to be broken off, and net/http can finish the answer.
func (c *client) Close() error {
	c.once.Do(func() {
		c.stop()
		c.gone()
		free := c.out.writing.TryLock()
		if free {
			c.out.writing.Unlock()
		}
		limit := past
		if free && c.ended.Load() { // net/http ends the answer, now that the body is drained
			limit = time.Now().Add(c.lastWait())
		}
		c.out.finishBy(limit)
		c.in.close()
		close(c.closed)
		c.busy.Wait()
	})
	return nil
}
