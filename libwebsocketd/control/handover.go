package control

import (
	"strings"

	"websocketd/libwebsocketd/hub"
)

// Lift returns the channels for a server that is to take this one's place, as hub.Hub.Lift does. It is
// called when the processes stand still that the other server goes on with.
func (c *Control) Lift() (channels [][]byte, settle func(taken bool)) { return c.hub.Lift() }

// TakeOver goes on with a channel of another server's Control.
func (c *Control) TakeOver(channel []byte) error { return c.hub.TakeOver(channel) }

// Begin is called when the processes go on that another server has handed over. The other ones that
// have a channel stay with that server, to their end: nobody hears of them any more, and their channels
// say so.
func (c *Control) Begin() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, about := range c.hub.Infos() {
		id, ok := strings.CutPrefix(about.Name, hub.ProcessChannel(""))
		if !ok || len(c.followers[id]) > 0 || !isRunning(about.Status) {
			continue
		}
		if ch, err := c.hub.Open(about.Name, hub.Limits{}); err == nil {
			tell(ch, id, statusLeft, -1)
			ch.Close()
		}
	}
}
