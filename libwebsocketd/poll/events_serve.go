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
	fresh := v.Request.Header.Get("Last-Event-ID") == ""
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
	var f form = newPlain(v.Program())
	if wantsEvents(v.Request) {
		e := newEvents()
		e.trailer = true
		f = e
	}
	converse(w, v, program, f, 0)
}

func converse(w http.ResponseWriter, v *libwebsocketd.Visit, program libwebsocketd.Endpoint, f form, before uint64) {
	c := newClient(v.Context(), w, newBody(w, v.Request, v.First()), f, v.Program().PingInterval)
	c.peer = v
	c.begin(before)
	v.Converse(program, c)
}
