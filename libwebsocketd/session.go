package libwebsocketd

import (
	"log/slog"
	"time"

	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/gate"
	"websocketd/libwebsocketd/logging"
	"websocketd/libwebsocketd/stdio"
)

// session is one conversation in a Server.
type session struct {
	program bridge.Endpoint // nil with a Dialect
	client  bridge.Endpoint
	log     *slog.Logger
	about   Conversation // without its counts
	with    *program     // nil if there is none, or none yet; life.mu guards it
	seat    gate.Seat    // of the client
	talk    func() error // with a Dialect: holds the conversation, and returns why it ended
	moved   bridge.Meter
	cause   error // of its end
	told    bool  // the log has the end
}

// run bridges the two sides, and logs the beginning and the end. The end is logged before
// the wait for a client that keeps its half of the connection open.
func (x *session) run() bridge.Traffic {
	logging.At(x.log, logging.LevelAccess, "session", "CONNECT")
	if x.talk != nil {
		if cause := x.talk(); !x.told {
			x.cause = cause
			x.logEnd(x.moved.Traffic(x.cause))
		}
		return x.moved.Traffic(x.cause)
	}
	settle, cause := bridge.Run(x.program, x.client, &x.moved)
	defer settle()
	x.cause = cause
	t := x.moved.Traffic(cause)
	x.logEnd(t)
	return t
}

func (x *session) logEnd(t bridge.Traffic) {
	about := []any{"ending", t.Cause.Error()}
	if own := processOf(x.program); own != nil {
		about = append(about, "exit", own.Ending().String())
	}
	logging.At(x.log, logging.LevelAccess, "session", "DISCONNECT", append(about,
		"messagesout", t.ToClient.Messages, "bytesout", t.ToClient.Bytes,
		"messagesin", t.ToProgram.Messages, "bytesin", t.ToProgram.Bytes,
		"undelivered", t.Undelivered.Messages,
		"duration", time.Since(x.about.Began).Round(time.Millisecond))...)
}

// processOf returns the process that is a program's side, or that this side stands for; nil
// if it is none.
func processOf(program bridge.Endpoint) *stdio.Endpoint {
	switch program := program.(type) {
	case *stdio.Endpoint:
		return program
	case interface{ Process() *stdio.Endpoint }:
		return program.Process()
	}
	return nil
}

// conversation returns what is known of the session now, with its counts.
func (x *session) conversation() Conversation {
	c := x.about
	c.Traffic = x.moved.Traffic(nil)
	return c
}
