package client

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"

	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/ws"
)

// goOver tries again and again to make a WebSocket while there is a stream, and has it take
// over. A shared process may end with its last viewer, so there the new one is attached
// before the old one leaves, and what comes over both is counted. A session may let only
// one client in, so there the old one leaves first.
func (c *Conn) goOver(s *stream, lifetime string) {
	for sleep(s.ctx, c.nextProbe()) == nil {
		if lifetime == lifetimeSession {
			s.cancel(errTryAgain)
			return
		}
		l, err := c.openWebSocket(s.ctx, c.at())
		if err != nil {
			continue
		}
		if !c.offer(s, l) {
			l.CloseSend(nil)
			l.Close()
			return
		}
		s.cancel(errGoOver)
		return
	}
}

func (c *Conn) nextProbe() (pause time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.probe.next()
}

func (c *Conn) resetProbe() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.probe.reset()
}

// offer has a connection take the place of a stream, unless that is not in use any more.
func (c *Conn) offer(s *stream, l *link) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.link != s.link || c.leaving != nil {
		return false
	}
	c.next = l
	return true
}

// at returns where this client is.
func (c *Conn) at() position {
	c.mu.Lock()
	defer c.mu.Unlock()
	return position{c.epoch, c.last}
}

// postContext returns a context for sending messages, which is done when the connection is
// lost: then their answers may never come.
func (c *Conn) postContext() context.Context {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.posts == nil {
		c.posts, c.stopPosts = context.WithCancel(c.ctx)
	}
	return c.posts
}

// endPosts ends the sending of messages.
func (c *Conn) endPosts() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.posts != nil {
		c.stopPosts()
		c.posts = nil
	}
}

// post sends a message. It is sent again if it was surely not taken: the server was not
// reached, or has no room for it. Only 204 says that it was taken: a page is of what answers in
// place of the server.
func (c *Conn) post(ctx context.Context, m bridge.Message) error {
	pause := delay{first: c.o.FirstDelay, most: c.o.MostDelay}
	for {
		resp, err := c.request(ctx, http.MethodPost, c.addressee(), "*/*", bytes.NewReader(m.Data))
		if err == nil && resp.StatusCode == http.StatusNoContent {
			return resp.Body.Close()
		}
		if err == nil {
			err = refusalOf(resp)
		}
		if !isNotTaken(err) {
			return err
		}
		if sleep(ctx, max(pause.next(), min(retryAfter(err), c.o.MostDelay))) != nil {
			return errNotSent
		}
	}
}

// refusalOf returns the refusal that an answer is, and of one below 400 that it is not the server's.
func refusalOf(resp *http.Response) error {
	refusal := ws.ReadRefusal(resp)
	if refusal.Status < http.StatusBadRequest {
		return fmt.Errorf("something answers in place of the server: %w", refusal)
	}
	return refusal
}

// addressee returns the query of a message: it is for the process that this client reads, and
// starts no other one when that has ended.
func (c *Conn) addressee() url.Values {
	at := c.at()
	if at.epoch == "" {
		return url.Values{}
	}
	return url.Values{"after": {at.String()}}
}

// isNotTaken reports whether the error of a message says that it was surely not taken, and
// may be later. Something between that answers so may have passed it on.
func isNotTaken(err error) bool {
	failed, refusal := new(net.OpError), new(ws.Refusal)
	switch {
	case errors.As(err, &refusal):
		return refusal.Own && (refusal.Status == http.StatusTooManyRequests || refusal.Status == http.StatusServiceUnavailable)
	case errors.As(err, &failed):
		return failed.Op == "dial"
	}
	return false
}

// unsure is the error of a message of which nobody knows whether the program has got it, though
// the connection stays.
type unsure struct{ error }

// Error says so, and why.
func (u *unsure) Error() string { return "a message may be lost: " + u.error.Error() }

// Is reports whether it is ErrUnsure.
func (u *unsure) Is(target error) bool { return target == ErrUnsure }

// Unwrap returns why.
func (u *unsure) Unwrap() error { return u.error }

// outcome returns the error of a message, whose request has failed with err: errNotSent, the
// refusal if it was surely not taken, and else what is ErrUnsure. ctx is done when the
// connection is lost.
func outcome(ctx context.Context, err error) error {
	refusal := new(ws.Refusal)
	switch {
	case err == errNotSent, errors.Is(err, errNoToken):
		return err
	case errors.As(err, &refusal) && !isBetween(refusal.Status):
		return err
	case ctx.Err() != nil:
		return ErrUnsure
	}
	return &unsure{err}
}

// isBetween reports whether a status may be that of something between, which does not know what
// the server has done with a request, or of a server that has failed in the midst of it.
func isBetween(status int) bool {
	switch status {
	case http.StatusRequestTimeout, http.StatusTooManyRequests:
		return true
	}
	return status < http.StatusBadRequest || status >= http.StatusInternalServerError
}
