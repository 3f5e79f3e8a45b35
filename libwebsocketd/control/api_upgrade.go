package control

import (
	"context"
	"net/http"
	"time"

	"websocketd/libwebsocketd/manager"
)

// upgradeTime limits how long an upgrade may take that somebody has asked for.
const upgradeTime = time.Minute

// upgrade replaces the server by a new process of its executable, as the file is now, and answers
// when that one serves. It may be the last answer of this one.
func (c *Control) upgrade(w http.ResponseWriter, r *http.Request) {
	if c.Upgrade == nil {
		answerFailure(w, &manager.Error{Code: manager.CodeOperation, Message: "this server cannot be replaced"})
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), upgradeTime) // a client that leaves does not end it
	defer cancel()
	pid, err := c.Upgrade(ctx)
	if err != nil {
		answerFailure(w, &manager.Error{Code: manager.CodeOperation, Message: err.Error()})
		return
	}
	answer(w, struct {
		Pid int `json:"pid"` // of the new server
	}{pid})
}
