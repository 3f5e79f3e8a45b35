package control

import (
	"context"
	"slices"
	"strings"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/hub"
	"websocketd/libwebsocketd/process"
	"websocketd/libwebsocketd/stdio"
)

// What a process_status says.
const (
	statusRunning = "running"
	statusExited  = "exited"
	statusKilled  = "killed"
	statusFailed  = "failed"
	statusLeft    = "left" // it goes on with a server that another one has replaced
)

var (
	_ libwebsocketd.Observer = (*Control)(nil)
	_ stdio.TextTap          = (*follower)(nil)
)

// Started opens the channel of a process, and returns what fills it.
func (c *Control) Started(p libwebsocketd.Process) stdio.Tap {
	c.countStart(p.Program)
	id := c.idOf(p)
	ch, err := c.hub.Open(hub.ProcessChannel(id), hub.Limits{Bytes: p.History})
	if err != nil { // an ID that idOf makes is always one
		return nil
	}
	f := &follower{control: c, id: id, channel: ch, send: p.Send}
	c.enter(f)
	return f
}

// Failed tells all clients that a process could not be started.
func (c *Control) Failed(p libwebsocketd.Process, why string) {
	c.countFailure(p.Program)
	id := c.idOf(p)
	defer c.hub.SendError("failed to start process " + id + ": " + why)
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.followers[id]) > 0 {
		return
	}
	if ch, err := c.hub.Open(hub.ProcessChannel(id), hub.Limits{Bytes: p.History}); err == nil {
		tell(ch, id, statusFailed, -1)
		ch.Close()
	}
}

// nameOf returns the name of a program of the Server.
func (c *Control) nameOf(program string) string {
	if program == "" {
		return c.Name
	}
	return program
}

// idOf returns the ID by which the hub knows a process: that of its conversation or session,
// or the name of its program. What may not stand in an ID becomes an underscore.
func (c *Control) idOf(p libwebsocketd.Process) string {
	if p.ID != "" {
		return p.ID
	}
	return processID(c.nameOf(p.Program))
}

// processID returns a name with underscores for what may not stand in the ID of a process.
func processID(name string) string {
	id := strings.Map(func(r rune) rune {
		if hub.CheckProcessID(string(r)) != nil {
			return '_'
		}
		return r
	}, name)
	return id[:min(len(id), 128)]
}

// follower fills the channel of a process with what it writes. It is the Tap of the process.
type follower struct {
	control *Control
	id      string
	channel *hub.Channel
	send    sender // nil: the process takes only what its client sends
}

// sender is libwebsocketd.Process.Send.
type sender func(ctx context.Context, batch ...bridge.Message) error

// Output implements stdio.Tap.
func (f *follower) Output(batch []bridge.Message) { f.channel.Output(f.id, batch) }

// Lines implements stdio.TextTap.
func (f *follower) Lines(text []byte) { f.channel.Lines(f.id, text) }

// Stderr implements stdio.Tap.
func (f *follower) Stderr(line []byte) {
	f.channel.Output(f.id, []bridge.Message{{Kind: bridge.Text, Data: line}})
}

// Ended implements stdio.Tap.
func (f *follower) Ended(ending process.Ending) {
	f.control.leave(f, ending)
	f.channel.Close()
}

// enter adds a process to those of its ID. The first one is told as running, unless that is what is
// known of it: then another server has told it.
func (c *Control) enter(f *follower) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.followers[f.id] = append(c.followers[f.id], f)
	if len(c.followers[f.id]) == 1 && !isRunning(f.channel.Status()) {
		tell(f.channel, f.id, statusRunning, 0)
	}
}

func isRunning(s *hub.Status) bool { return s != nil && s.Status == statusRunning }

// leave removes a process that has ended. The ending of the last one is told: as long as
// another one fills the channel, something of that ID runs.
func (c *Control) leave(f *follower, ending process.Ending) {
	c.mu.Lock()
	defer c.mu.Unlock()
	rest := slices.DeleteFunc(c.followers[f.id], func(other *follower) bool { return other == f })
	if c.followers[f.id] = rest; len(rest) > 0 {
		return
	}
	delete(c.followers, f.id)
	if ending.Code < 0 { // by a signal, or in spite of all of them
		tell(f.channel, f.id, statusKilled, -1)
		return
	}
	tell(f.channel, f.id, statusExited, ending.Code)
}

// tell publishes the status of a process. Control.mu is held: what the channel says last is what
// is so.
func tell(ch *hub.Channel, id, status string, code int) {
	ch.Send(hub.Message{Type: hub.TypeStatus, ProcessID: id, Data: hub.Status{Status: status, ExitCode: code}})
}

// senderOf returns where messages for an ID go: to the process that has started last of those
// that take any; nil if none does. runs reports whether there is a process.
func (c *Control) senderOf(id string) (to sender, runs bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, f := range slices.Backward(c.followers[id]) {
		if f.send != nil {
			return f.send, true
		}
	}
	return nil, len(c.followers[id]) > 0
}
