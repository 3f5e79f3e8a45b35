package exchange

import (
	"context"
	"errors"
	"time"

	"websocketd/libwebsocketd/bridge"
)

// lastWait is for the last word to a client when the server is going away.
const lastWait = time.Second

// CloseSend tells the client the end, unless it is gone, and lets go of the rest of
// the body.
func (c *Client) CloseSend(cause error) error {
	var err error
	c.ending.Do(func() {
		c.out.finishBy(time.Now().Add(c.lastWait()))
		err = c.write(func() error {
			defer c.ended.Store(true)
			return c.end(cause)
		})
		c.confirmEnd(cause)
		c.cancel(cause)
		c.in.letGo(c.lastWait())
	})
	return err
}

// end writes the end of the answer.
func (c *Client) end(cause error) error {
	if c.holdsLocked() {
		return c.endOpening(cause)
	}
	if _, left := context.Cause(c.ctx).(*bridge.CloseError); left {
		return nil
	}
	whole := !c.opened || c.form.Tells() || isExit(cause)
	c.out.last = whole
	err := c.out.sendOne(func(b []byte) []byte { return c.form.End(b, c.number, cause, c.out.w.Header()) })
	c.whole = whole && err == nil
	return err
}

// IsWhole reports whether all of the answer was sent. Another one is to be broken off.
func (c *Client) IsWhole() bool {
	c.out.writing.Lock()
	defer c.out.writing.Unlock()
	return c.whole
}

// isExit reports whether a program has ended by itself, with whatever status: what it
// has said is all there is.
func isExit(cause error) bool {
	var ended *bridge.EndedError
	return errors.As(cause, &ended) && ended.Signal == 0
}

// lastWait returns how long the rest of the answer may take.
func (c *Client) lastWait() time.Duration {
	if context.Cause(c.ctx) == bridge.ErrGoingAway {
		return lastWait
	}
	return 2 * c.pause()
}

// Close ends the client without a word; see CloseSend. After CloseSend there is
// nothing to be broken off, and net/http can finish the answer.
func (c *Client) Close() error {
	c.once.Do(func() {
		c.gone()
		limit := Past
		if c.ended.Load() { // net/http ends the answer, now that the body is drained
			limit = time.Now().Add(c.lastWait())
		}
		c.out.finishBy(limit)
		c.in.close()
		close(c.closed)
		if r := c.receipts.Load(); r != nil {
			r.end(false)
		}
		c.busy.Wait()
		for _, settle := range c.repeats {
			settle()
		}
		c.gzip.giveBack(c.out.unzip())
		for _, settle := range c.settle {
			settle()
		}
	})
	return nil
}

func (c *Client) isClosed() bool {
	select {
	case <-c.closed:
		return true
	default:
		return false
	}
}
