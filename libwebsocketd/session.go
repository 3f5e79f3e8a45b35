package libwebsocketd

import (
	"log/slog"
	"time"

	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/logging"
	"websocketd/libwebsocketd/stdio"
)

// session is one conversation.
type session struct {
	program bridge.Endpoint
	client  bridge.Endpoint
	log     *slog.Logger
}

// run is the conversation itself, between its two lines in the log. A client that
// keeps its half of the connection open after that is not worth a line.
func (x *session) run() (t bridge.Traffic) {
	start := time.Now()
	logging.At(x.log, logging.LevelAccess, "session", "CONNECT")
	defer bridge.Run(x.program, x.client, &t)()
	about := []any{"ending", t.Cause.Error()}
	if own, ok := x.program.(*stdio.Endpoint); ok {
		about = append(about, "exit", own.Ending().String())
	}
	logging.At(x.log, logging.LevelAccess, "session", "DISCONNECT", append(about,
		"messagesout", t.ToClient.Messages, "bytesout", t.ToClient.Bytes,
		"messagesin", t.ToProgram.Messages, "bytesin", t.ToProgram.Bytes,
		"undelivered", t.Undelivered.Messages,
		"duration", time.Since(start).Round(time.Millisecond))...)
	return t
}
