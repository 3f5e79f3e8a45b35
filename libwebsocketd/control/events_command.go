package control

import (
	"context"
	"encoding/json"
	"time"

	"websocketd/libwebsocketd/hub"
	"websocketd/libwebsocketd/internal/text"
	"websocketd/libwebsocketd/manager"
)

const (
	// mostCommands is how many commands run at once; a further one is refused.
	mostCommands = 64
	// commandTime is how long a command may take.
	commandTime = 10 * time.Minute
)

// asked is the data of a command.
type asked struct {
	Action  string          `json:"action"`
	Process string          `json:"process"`
	Config  json.RawMessage `json:"config"`
}

// done is the data of a command_result.
type done struct {
	Action  string `json:"action"`
	Process string `json:"process"`
	Success bool   `json:"success"`
}

// operations are what a command and a request may do with a program.
var operations = map[string]func(*manager.Manager, context.Context, string) error{
	"start":   (*manager.Manager).Start,
	"stop":    (*manager.Manager).Stop,
	"restart": (*manager.Manager).Restart,
	"reload":  (*manager.Manager).Reload,
	"delete":  (*manager.Manager).Delete,
}

// command does what a client asks for, and answers when it is done. The client is read meanwhile.
func (e *events) command(c *hub.Client, r *eventRequest) {
	var what asked
	json.Unmarshal(r.Data, &what) // what is no object has no action
	if operations[what.Action] == nil {
		e.refuse(c, r, codeInvalidAction, "command: there is no action %s; there are start, stop, restart, delete, reload", text.Quote(what.Action))
		return
	}
	answerTo := &eventRequest{Type: r.Type, ID: r.id()}
	run := func() {
		ctx, cancel := context.WithTimeout(e.control.going, commandTime)
		defer cancel()
		if err := e.control.operate(ctx, what.Action, what.Process, what.Config); err != nil {
			e.fail(c, answerTo, err)
			return
		}
		e.post(c, "command_result", answerTo, done{what.Action, what.Process, true})
	}
	select {
	case e.busy <- struct{}{}:
	default:
		e.refuse(c, r, manager.CodeOperation, "%d commands run already: try again when one is done", mostCommands)
		return
	}
	e.running.Go(func() {
		defer func() { <-e.busy }()
		run()
	})
}

// operate does something with a program. start with the settings of one that there is not adds it.
func (c *Control) operate(ctx context.Context, action, name string, config json.RawMessage) error {
	if action == "start" && len(config) > 0 && string(config) != "null" {
		if _, err := c.Programs.Find(name); err != nil {
			return c.add(ctx, name, config)
		}
	}
	return operations[action](c.Programs, ctx, name)
}

// add serves a program that is not configured, and starts it.
func (c *Control) add(ctx context.Context, name string, config json.RawMessage) error {
	if c.NewProgram == nil {
		return &manager.Error{Code: codeForbidden, Message: "a program that is not configured is started only where the server runs with --adminexec"}
	}
	p, err := c.NewProgram(name, config)
	if err != nil {
		return &manager.Error{Code: manager.CodeInvalid, Message: err.Error()}
	}
	return c.Programs.Add(ctx, p)
}
