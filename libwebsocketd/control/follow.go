package control

import (
	"context"
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
)

var _ libwebsocketd.Observer = (*Control)(nil)

// Started opens the channel of a process, and returns what fills it.
func (c *Control) Started(p libwebsocketd.Process) stdio.Tap {
	id := c.idOf(p)
	ch, err := c.hub.Open(hub.ProcessChannel(id), hub.Limits{Bytes: p.History})
	if err != nil { // an ID that idOf makes is always one
		return nil
	}
	f := &follower{control: c, id: id, channel: ch}
	if p.Send != nil {
		f.input = c.addInput(id, p.Send)
	}
	f.tell(statusRunning, 0)
	return f
}

// Failed tells all clients that a process could not be started.
func (c *Control) Failed(p libwebsocketd.Process, why string) {
	id := c.idOf(p)
	c.hub.SendProcessStatus(id, statusFailed, -1)
	c.hub.SendError("failed to start process " + id + ": " + why)
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
	input   *input // nil: the process takes only what its client sends
}

// Output implements stdio.Tap.
func (f *follower) Output(batch []bridge.Message) { f.channel.Output(f.id, batch) }

// Stderr implements stdio.Tap.
func (f *follower) Stderr(line []byte) {
	f.channel.Output(f.id, []bridge.Message{{Kind: bridge.Text, Data: line}})
}

// Ended implements stdio.Tap.
func (f *follower) Ended(ending process.Ending) {
	if f.input != nil {
		f.control.removeInput(f.id, f.input)
	}
	if ending.Signal != 0 {
		f.tell(statusKilled, -1)
	} else {
		f.tell(statusExited, ending.Code)
	}
	f.channel.Close()
}

func (f *follower) tell(status string, code int) {
	f.channel.Send(hub.Message{Type: hub.TypeStatus, ProcessID: f.id, Data: hub.Status{Status: status, ExitCode: code}})
}

// input is where messages for a process go.
type input struct {
	send func(ctx context.Context, batch ...bridge.Message) error
}

// addInput makes a process the one that input for an ID goes to. The latest counts.
func (c *Control) addInput(id string, send func(ctx context.Context, batch ...bridge.Message) error) *input {
	in := &input{send}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.inputs[id] = in
	return in
}

// removeInput removes what addInput has added, unless another process has come since.
func (c *Control) removeInput(id string, in *input) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.inputs[id] == in {
		delete(c.inputs, id)
	}
}
