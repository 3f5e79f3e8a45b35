package control

import (
	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/process"
)

// Began implements libwebsocketd.Observer.
func (c *Control) Began(libwebsocketd.Conversation) {}

// Ended implements libwebsocketd.Observer.
func (c *Control) Ended(libwebsocketd.Conversation) {}

// Refused implements libwebsocketd.Observer.
func (c *Control) Refused(status int) {}

// Exited implements libwebsocketd.Observer.
func (c *Control) Exited(program string, ending process.Ending) {}
