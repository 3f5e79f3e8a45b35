package manager

import (
	"net/http"
	"strconv"
	"strings"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/gate"
	"websocketd/libwebsocketd/internal/text"
	"websocketd/libwebsocketd/shared"
)

// Open makes a client a viewer of an instance.
func (s *service) Open(call *libwebsocketd.Attach) (libwebsocketd.Endpoint, *gate.Refusal) {
	if call.SendOnly && s.app.Input != shared.InputAll {
		return nil, &gate.Refusal{Status: http.StatusForbidden, Kind: gate.KindNoInput, Reason: "this program takes no messages from here (see input)"}
	}
	from, refusal := shared.ReadFrom(call.Request)
	if refusal != nil {
		return nil, refusal
	}
	for where := from; ; {
		hub, refusal := s.choose(call.Request, where)
		if refusal != nil {
			return nil, refusal
		}
		over := hub.IsOver()
		sub, refusal := hub.Attach(call, from)
		switch {
		case refusal != nil:
			return nil, refusal
		case sub != nil:
			return sub, nil
		case over:
			where = shared.From{} // nothing of what it has leads to that hub any more: any instance may be the one
			continue
		}
		if refusal := s.awaitFor(call.Request, hub.Settled()); refusal != nil {
			return nil, refusal
		}
	}
}

// choose returns the hub of the instance that a client is for: the one it names, the one whose
// messages it has, or the one with the fewest viewers. An instance that is just being begun has no hub
// yet: it is waited for, and so are those of a program that is itself just being begun.
func (s *service) choose(r *http.Request, from shared.From) (*shared.Hub, *gate.Refusal) {
	if refusal := s.awaitFor(r, s.known); refusal != nil {
		return nil, refusal
	}
	for {
		change := s.manager.change() // before the look: no change is missed
		all, refusal := s.meant(r)
		if refusal != nil {
			return nil, refusal
		}
		hub, begins := best(all, from)
		switch {
		case hub != nil:
			return hub, nil
		case !begins:
			return nil, s.notThere()
		}
		if refusal := s.awaitFor(r, change); refusal != nil {
			return nil, refusal
		}
	}
}

// meant returns the instances that a client may be for.
func (s *service) meant(r *http.Request) ([]*instance, *gate.Refusal) {
	all, query := s.list(), r.URL.Query()
	if !query.Has("instance") {
		return all, nil
	}
	n, err := strconv.Atoi(query.Get("instance"))
	if err != nil || n < 0 || n >= len(all) {
		return nil, &gate.Refusal{Status: http.StatusNotFound,
			Reason: "instance=" + text.Quote(query.Get("instance")) + ": there are those from 0 to " + strconv.Itoa(len(all)-1)}
	}
	return all[n : n+1], nil
}

// best returns the hub of the messages that a client has, or the one with the fewest viewers; nil if none is
// there, and then whether one begins.
func best(all []*instance, from shared.From) (best *shared.Hub, begins bool) {
	least := 0
	for _, i := range all {
		hub, soon := i.look(from.Epoch())
		begins = begins || soon
		if hub == nil {
			continue
		}
		state := hub.State()
		if state.Epoch == from.Epoch() {
			return hub, false
		}
		if best == nil || state.Viewers < least {
			best, least = hub, state.Viewers
		}
	}
	return best, begins
}

// awaitFor waits until something happens that a client waits for, and returns a refusal if it need not wait
// any longer.
func (s *service) awaitFor(r *http.Request, event <-chan struct{}) *gate.Refusal {
	select {
	case <-event:
		return nil
	case <-r.Context().Done():
		return &gate.Refusal{Status: http.StatusServiceUnavailable, Kind: gate.KindClientLeft, Reason: "the client has left"}
	case <-s.runtime.Context().Done():
		return gate.GoingAway
	}
}

// notThere returns the refusal of a program without a process.
func (s *service) notThere() *gate.Refusal {
	if s.manager.handed.Load() {
		return gate.HandedOver
	}
	why := "it is stopped; websocketd ctl start " + s.name + " starts it"
	for _, about := range s.infos() {
		switch {
		case about.Status == Errored:
			why = "it is errored: it has ended too often; websocketd ctl start " + s.name + " tries again"
		case len(about.Waits) > 0:
			why = "it waits for " + strings.Join(about.Waits, ", ")
		}
	}
	return &gate.Refusal{Status: http.StatusServiceUnavailable, Kind: gate.KindNoProcess, Reason: "there is no process of this program now: " + why, RetryAfter: 1}
}

// State returns the document about the instance that a client would get; there is none where it
// would get none.
func (s *service) State(req *libwebsocketd.Request) (document any, refusal *gate.Refusal) {
	hub, refusal := s.choose(req.HTTP, shared.From{})
	if refusal != nil || !hub.IsKept() {
		return nil, nil
	}
	state := hub.State()
	state.Lifetime = Lifetime{}.Name()
	return state, nil
}
