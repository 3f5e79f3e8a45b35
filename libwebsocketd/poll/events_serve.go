package poll

import (
	"net/http"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/gate"
)

// stopsEventSource is for one that comes back to a process that was its own.
var stopsEventSource = &gate.Refusal{Status: http.StatusNoContent, Reason: "Last-Event-ID is of a process that has ended with its connection"}

// serveEvents answers a GET with what the program says, as server-sent events.
func serveEvents(w http.ResponseWriter, v *libwebsocketd.Visit) {
	fresh := libwebsocketd.LastEventID(v.Request) == ""
	if v.Program().Lifetime == nil && !fresh {
		v.Refuse(w, stopsEventSource)
		return
	}
	program, refusal := v.Open(libwebsocketd.Call{Start: fresh, Notes: true})
	if refusal != nil {
		v.Answer(w, refusal)
		return
	}
	f, before := newEvents(), uint64(0)
	if many, ok := program.(libwebsocketd.Broadcast); ok {
		f.epoch, before = many.Epoch(), many.After()
	}
	converse(w, v, program, f, before)
}

// serveRun answers a POST with what a process of its own makes of the body.
func serveRun(w http.ResponseWriter, v *libwebsocketd.Visit) {
	program, refusal := v.Open(libwebsocketd.Call{Start: true})
	if refusal != nil {
		v.Answer(w, refusal)
		return
	}
	var f form = newPlain(v.Program(), wantsTrailer(v.Request))
	if wantsEvents(v.Request) {
		e := newEvents()
		e.trailer = wantsTrailer(v.Request)
		f = e
	}
	converse(w, v, program, f, 0)
}

// converse has the conversation. An answer that was cut does not end as a whole one
// does: its connection, or stream, is broken off.
func converse(w http.ResponseWriter, v *libwebsocketd.Visit, program libwebsocketd.Endpoint, f form, before uint64) {
	c := newClient(v.Context(), w, newBody(w, v.Request, v.First()), f, v.Program().PingInterval)
	c.peer = v
	c.begin(before)
	settle := when(v.Silent, c.probe)
	v.Converse(program, c)
	settle()
	if !c.isWhole() {
		v.BreakOff()
	}
}
