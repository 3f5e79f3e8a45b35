package ctl

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"websocketd/internal/terminal"
)

// upgrade replaces the server by a new process of its executable, as the file is now.
func (c *caller) upgrade(signals *terminal.Interrupts) (status int, err error) {
	ctx := signals.Context()
	within, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	answer, err := c.server.ask(within, http.MethodPost, "/api/server/upgrade", nil, "")
	switch {
	case err != nil && within.Err() != nil && ctx.Err() == nil:
		return exitFailed, fmt.Errorf("not replaced after %s, and the server goes on with it: %s list shows which one it is, and --timeout=DURATION waits longer", c.Timeout, command)
	case err != nil:
		return exitFailed, err
	}
	defer answer.Body.Close()
	var document json.RawMessage
	var server struct{ Pid int }
	if err = json.NewDecoder(answer.Body).Decode(&document); err == nil {
		err = json.Unmarshal(document, &server)
	}
	switch {
	case err != nil:
		return exitFailed, fmt.Errorf("the answer of %s is not what a management listener says: %w", c.server, err)
	case c.JSON:
		return exitOK, c.document(document)
	}
	_, err = fmt.Fprintf(c.Stdout, "process %d is the server now\n", server.Pid)
	return exitOK, err
}
