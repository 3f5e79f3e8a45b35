package hub

import "time"

// look cuts the clients that have taken nothing of what is being written to them for limit. It
// is called every lookInterval. A look that comes late counts as no more, for it is not the
// client that was late.
func (h *Hub) look(limit time.Duration) {
	for _, c := range h.writing() {
		if c.stalls() && c.seen.since >= limit {
			c.cut()
		}
	}
}

// writing returns the clients to which the same is being written as at the last look.
func (h *Hub) writing() (all []*Client) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for c := range h.clients {
		switch turn := c.turns.Load(); {
		case turn%2 == 0:
		case turn != c.seen.turn:
			acked, _ := c.link.BytesAcked()
			c.seen = stall{turn: turn, acked: acked}
		default:
			all = append(all, c)
		}
	}
	return all
}

// stalls adds the time since the last look to that in which the client has taken nothing, and
// reports whether it still takes nothing. To one that is to go only what is written already
// is sent, which must not last.
func (c *Client) stalls() bool {
	acked, rest := c.link.BytesAcked()
	if c.ctx.Err() == nil && (acked != c.seen.acked || !rest) {
		c.seen.acked, c.seen.since = acked, 0
		return false
	}
	c.seen.acked, c.seen.since = acked, c.seen.since+lookInterval
	return true
}

// cut breaks the connection of a client.
func (c *Client) cut() {
	if c.ctx.Err() == nil {
		c.hub.slowClients.n.Add(1)
	}
	c.seen.since = 0
	c.hub.cutting.Go(func() { c.link.Close() })
}
