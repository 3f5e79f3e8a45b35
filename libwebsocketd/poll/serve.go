package poll

import (
	"net/http"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/exchange"
	"websocketd/libwebsocketd/gate"
)

// stopsEventSource is for one that comes back to a process that was its own.
var stopsEventSource = &gate.Refusal{Status: http.StatusNoContent, Reason: "Last-Event-ID is of a process that has ended with its connection"}

// serveEvents answers a GET with what the program says, as server-sent events.
func serveEvents(w http.ResponseWriter, req *libwebsocketd.Request) {
	fresh := libwebsocketd.LastEventID(req.HTTP) == ""
	if req.Program().Lifetime == nil && !fresh {
		req.Refuse(w, stopsEventSource)
		return
	}
	program, refusal := req.Open(libwebsocketd.Attach{MayStart: fresh, OutOfBand: true})
	if refusal != nil {
		req.Refuse(w, refusal)
		return
	}
	f, before := newEvents(), uint64(0)
	if many, ok := program.(libwebsocketd.Broadcast); ok {
		f.epoch, before = many.Epoch(), many.After()
	}
	converse(w, req, program, f, before)
}

// serveRun answers a POST with what a process of its own makes of the body.
func serveRun(w http.ResponseWriter, req *libwebsocketd.Request) {
	program, refusal := req.Open(libwebsocketd.Attach{MayStart: true})
	if refusal != nil {
		req.Refuse(w, refusal)
		return
	}
	var f exchange.Encoder = newPlain(req.Program(), wantsTrailer(req.HTTP))
	if wantsEvents(req.HTTP) {
		e := newEvents()
		e.trailer = wantsTrailer(req.HTTP)
		f = e
	}
	converse(w, req, program, f, 0)
}

// converse has the conversation. An answer that was cut does not end as a whole one
// does: its connection, or stream, is broken off.
func converse(w http.ResponseWriter, req *libwebsocketd.Request, program libwebsocketd.Endpoint, f exchange.Encoder, before uint64) {
	c := exchange.New(req.Context(), w, req.HTTP, exchange.Options{
		Encoder: f, Peer: req, Silent: req.Silent, Interval: req.Program().PingInterval,
		Preamble: req.Preamble(), IgnoresBody: req.HTTP.Method != http.MethodPost,
		Gzip: req.Gzip(),
	})
	c.Begin(before)
	req.Pipe(program, c)
	if !c.IsWhole() {
		req.BreakOff()
	}
}
