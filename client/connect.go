package client

import (
	"context"
	"errors"
	"net"
	"net/http"
	"time"

	"websocketd/libwebsocketd/ws"
)

// connect returns when there is a connection, or with the end. once ends after one try.
func (c *Conn) connect(once bool) error {
	for c.current() == nil {
		if err := c.over(); err != nil {
			return c.end(err)
		}
		if err := c.await(); err != nil {
			return c.end(err)
		}
		l, err := c.try(c.ctx)
		if err == nil {
			c.begin(l)
			continue
		}
		if c.over() == nil && (refuses(err) || once && !(c.tries == 0 && errors.Is(err, errAtOnce))) {
			return c.end(err)
		}
		c.failed(err)
	}
	return nil
}

// failed notes that a try has failed, or that a connection was of no use.
func (c *Conn) failed(err error) {
	c.reason = err
	if c.tries++; c.o.Tries > 0 && c.tries >= c.o.Tries {
		c.end(&LostError{c.tries, err})
	}
}

// over returns why there will be no other connection, nil if there may be one.
func (c *Conn) over() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.ended != nil:
		return c.ended
	case c.leaving != nil:
		return net.ErrClosed
	}
	return context.Cause(c.ctx)
}

// await waits before the next try, unless nothing has failed.
func (c *Conn) await() error {
	if c.reason == nil {
		return nil
	}
	var again time.Duration
	if !(c.tries <= 1 && errors.Is(c.reason, errAtOnce)) {
		again = max(c.pause.next(), min(retryAfter(c.reason), c.o.MostDelay))
	}
	c.setDown()
	c.o.Lost(c.reason, again)
	return sleep(c.ctx, again)
}

// sleep waits for some time, or until ctx is done.
func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return context.Cause(ctx)
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// begin takes a connection into use.
func (c *Conn) begin(l *link) {
	opened, missed := Opened{Resumed: c.resumable && l.counts && !c.missed.Unknown, Via: l.via}, c.missed
	news := c.reason != nil || c.via != l.via
	c.opened, c.resumable, c.via = true, l.counts, l.via
	c.answered, c.since, c.reason, c.missed = false, time.Now(), nil, Missed{}
	if !c.setLink(l) { // we have left meanwhile
		l.CloseSend(nil)
		l.Close()
		return
	}
	c.flush() // before any callback, which may send
	if s, ok := l.carrier.(*stream); ok {
		lifetime := c.lifetime
		c.work.Go(func() { c.goOver(s, lifetime) })
	} else {
		c.blocked = false
		c.resetProbe()
	}
	if news {
		c.o.Opened(opened)
	}
	if missed != (Missed{}) {
		c.o.Missed(missed)
	}
}

// lasts is how long a connection must have been there to count as a success, if no message
// has come over it.
const lasts = 10 * time.Second

// lost takes a connection out of use that has ended with err.
func (c *Conn) lost(l *link, err error) {
	c.mu.Lock()
	next, leaving := c.next, c.leaving
	c.next = nil
	if next == nil { // and from now on none is taken in the place of l
		c.link = nil
		c.tell()
	}
	c.mu.Unlock()
	if next != nil {
		l.Close()
		c.begin(next)
		return
	}
	l.Close()
	if err == errTryAgain && leaving == nil {
		c.again = true
		return
	}
	end := final(err)
	switch told := new(Ending); {
	case leaving != nil && !(errors.As(end, &told) && told.ExitStatus() > 0):
		end = net.ErrClosed // the answer to our own close
	case end == nil && c.o.NoReconnect:
		end = &LostError{0, lossOf(err)}
	}
	c.endPosts()
	switch {
	case end != nil:
		c.end(end)
	case c.answered || time.Since(c.since) >= lasts:
		c.recovered()
		c.reason = lossOf(err)
	default:
		c.failed(lossOf(err))
	}
}

// atOnce is a reason to come back without a pause, if no try has failed yet.
type atOnce struct{ error }

// errAtOnce is what every atOnce is.
var errAtOnce = errors.New("at once")

func (*atOnce) Is(target error) bool { return target == errAtOnce }

func (a *atOnce) Unwrap() error { return a.error }

// try makes one connection.
func (c *Conn) try(ctx context.Context) (*link, error) {
	if c.o.NoResume {
		return c.openPlain(ctx)
	}
	now, err := c.ask(ctx)
	if err == nil && now.Lifetime == lifetimeSession && now.Epoch == "" && !c.known() {
		now, err = c.newSession(ctx)
	}
	if err != nil {
		return nil, err
	}
	if now.isOver(c.epoch) {
		now.Epoch, now.First = "", 0
	}
	if now.ID != "" {
		c.setSession(Session{now.ID, c.Session().Secret})
	}
	if c.lifetime = now.Lifetime; !now.resumes() {
		c.adopt(&now)
		l, err := c.openPlain(ctx)
		return l, now.needs(err)
	}
	fresh := c.isFresh() || c.at().epoch != now.Epoch
	c.adopt(&now)
	if fresh && now.Beginning != nil {
		if c.head, err = c.fetchHead(ctx, &now); err != nil {
			return nil, c.raced(err)
		}
	}
	l, err := c.attach(ctx)
	c.again = false
	if err != nil || now.Epoch != "" {
		return l, err
	}
	// Nothing has run before. What comes is held back in the connection until its epoch is
	// known.
	if now, err = c.ask(ctx); err != nil {
		l.Close()
		return nil, err
	}
	c.mu.Lock()
	c.epoch = now.Epoch
	c.mu.Unlock()
	l.counts = now.Epoch != "" // else the process has ended already, and cannot be come back to
	return l, nil
}

// isFresh reports whether this client has seen nothing yet.
func (c *Conn) isFresh() bool { return !c.opened && c.o.After == "" }

// adopt takes the state of a program for the connection to come: what this client has
// missed, and where it goes on.
func (c *Conn) adopt(now *state) {
	c.mu.Lock()
	defer c.mu.Unlock()
	before := max(now.First, 1) - 1
	switch {
	case now.Epoch == "" || c.epoch != "" && now.Epoch != c.epoch:
		c.missed.Unknown = c.missed.Unknown || c.epoch != "" && !c.isFresh()
		c.last = before
	case c.epoch == "" || c.isFresh():
		c.last = before
	case before > c.last:
		c.missed.Count += before - c.last
		c.last = before
	}
	c.epoch = now.Epoch
}

// attach makes a connection that goes on where this client is: by WebSocket, or by plain
// HTTP where two in a row have failed.
func (c *Conn) attach(ctx context.Context) (l *link, err error) {
	at, tries := c.at(), 2
	if c.blocked {
		tries = 0
	}
	if c.again {
		tries = 1
	}
	for range tries {
		if l, err = c.openWebSocket(ctx, at); err == nil || !isBlocked(err) || ctx.Err() != nil {
			return l, c.raced(err)
		}
	}
	if c.o.NoFallback {
		return nil, err
	}
	l, err = c.openStream(ctx, at)
	c.blocked = err == nil
	return l, c.raced(err)
}

// raced returns an error of the attachment that is good for another try at once: what the
// state was has changed meanwhile.
func (c *Conn) raced(err error) error {
	if refusal := new(ws.Refusal); errors.As(err, &refusal) {
		if refusal.Status == http.StatusGone || refusal.Status == http.StatusNotFound && c.lifetime == lifetimeShared {
			return &atOnce{err}
		}
	}
	return err
}
