package control

import (
	"time"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/process"
)

var _ libwebsocketd.Measurer = (*Control)(nil)

// Began implements libwebsocketd.Observer.
func (c *Control) Began(conv libwebsocketd.Conversation) {
	c.counts.mu.Lock()
	defer c.counts.mu.Unlock()
	c.counts.live[keyOf(&conv)] = struct{}{}
}

// Ended implements libwebsocketd.Observer.
func (c *Control) Ended(conv libwebsocketd.Conversation) {
	c.counts.mu.Lock()
	defer c.counts.mu.Unlock()
	delete(c.counts.live, keyOf(&conv))
	p := c.counts.of(c.labelOf(&conv))
	p.talk.add(&conv)
	code := codeOf(conv.Cause)
	p.endings[code]++
	if code == codeName(bridge.CloseTryAgainLater) {
		p.slow++
	}
}

// Refused implements libwebsocketd.Observer.
func (c *Control) Refused(status int) {
	c.counts.mu.Lock()
	defer c.counts.mu.Unlock()
	c.counts.refused[statusName(status)]++
}

// countStart counts a process that has started.
func (c *Control) countStart(program string) {
	c.counts.mu.Lock()
	defer c.counts.mu.Unlock()
	c.counts.of(c.nameOf(program)).started++
}

// countFailure counts a process that could not be started.
func (c *Control) countFailure(program string) {
	c.counts.mu.Lock()
	defer c.counts.mu.Unlock()
	c.counts.of(c.nameOf(program)).failed++
}

// Exited implements libwebsocketd.Observer.
func (c *Control) Exited(program string, ending process.Ending) {
	c.counts.mu.Lock()
	defer c.counts.mu.Unlock()
	c.counts.of(c.nameOf(program)).exited++
}

// Took implements libwebsocketd.Measurer.
func (c *Control) Took(program string, took time.Duration) {
	c.counts.mu.Lock()
	defer c.counts.mu.Unlock()
	c.counts.of(c.nameOf(program)).latency.observe(took)
}

// ForkRefused implements libwebsocketd.Measurer.
func (c *Control) ForkRefused(program string) {
	c.counts.mu.Lock()
	defer c.counts.mu.Unlock()
	c.counts.of(c.nameOf(program)).noFork++
}

// labelOf returns the program of a conversation as it is called in metrics; "" if the
// client has not named one yet.
func (c *Control) labelOf(conv *libwebsocketd.Conversation) string {
	if conv.Nameless {
		return ""
	}
	return c.nameOf(conv.Program)
}
