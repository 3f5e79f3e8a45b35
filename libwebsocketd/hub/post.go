package hub

import (
	"errors"

	"websocketd/libwebsocketd/bridge"
)

const (
	// mostPosted is how many bytes wait for a client that were posted to it. Half of them are for
	// what TryPost sends.
	mostPosted = 4 << 20
	// postCost is what a message that waits costs in memory, without its bytes.
	postCost = 48
)

// errSlow is why a client is closed that does not take what is posted to it.
var errSlow = &bridge.CloseWith{Code: bridge.CloseTryAgainLater, Reason: "too slow: what comes next is not kept"}

// ErrSlow is the error of Post for a client that is too slow.
var ErrSlow = errors.New("the client is too slow")

// Post sends a message, which is JSON in one line, to this client alone, after those that were
// posted before. It never waits: a client that leaves more than 4 MiB of messages waiting, or all of
// them more than Options.MaxBytes together, is closed with 1013, and Post returns ErrSlow. The
// caller must not change the message.
func (c *Client) Post(message []byte) error {
	if c.out.post(message, mostPosted, c.hub.MaxBytes) {
		c.out.stir()
		return nil
	}
	c.cancel(errSlow)
	return ErrSlow
}

// TryPost does what Post does, for a message that the client can do without: it reports whether
// there was room for it, and closes nobody.
func (c *Client) TryPost(message []byte) bool {
	posted := c.out.post(message, mostPosted/2, c.hub.MaxBytes/2)
	if posted {
		c.out.stir()
	}
	return posted
}

// Withdraw ends the client's part in what Broadcast, SendEvent and SendError send to all.
func (c *Client) Withdraw() { c.hub.setPart(c, false) }

// Join begins it again.
func (c *Client) Join() { c.hub.setPart(c, true) }

func (h *Hub) setPart(c *Client, wanted bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	s := c.subs[h.all]
	switch {
	case c.subs == nil || c.one || (s != nil) == wanted:
	case wanted:
		c.subs[h.all] = h.all.subscribe(c, nil)
	default:
		h.all.leave(s)
		delete(c.subs, h.all)
	}
}

// post adds a message, unless more than most bytes would wait for this client then, or more than
// total for all. A total that is not positive is no limit. One message always has room.
func (o *outbox) post(message []byte, most, total int) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	switch size := len(message) + postCost; {
	case o.shut:
	case o.posted > 0 && (o.posted+size > most || total > 0 && o.all.Load()+int64(size) > int64(total)):
		return false
	default:
		o.posts = append(o.posts, message)
		o.count(size)
	}
	return true
}

// count counts bytes that wait, and those that do not any more; o.mu is held.
func (o *outbox) count(bytes int) {
	o.posted += bytes
	o.all.Add(int64(bytes))
}

// takePosts appends the messages that wait, as many as a write may have; o.mu is held.
func (o *outbox) takePosts(out []bridge.Delivery) []bridge.Delivery {
	n := 0
	for bytes := 0; n < len(o.posts) && n < mostItems && bytes < mostBytes; n++ {
		out = append(out, said(o.posts[n]))
		bytes += len(o.posts[n])
		o.count(-len(o.posts[n]) - postCost)
		o.posts[n] = nil
	}
	if o.posts = o.posts[n:]; len(o.posts) == 0 {
		o.posts = nil
	}
	return out
}
