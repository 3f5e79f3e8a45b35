package session

import (
	"net/http"
	"slices"
	"sync"
	"time"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/gate"
	"websocketd/libwebsocketd/shared"
)

// Attachment is the program's side of a client's conversation with a session.
type Attachment struct {
	shared.Confirmer
	Session *Session
	Number  uint64 // of the attachments of its session, from 1; 0 for one that only sends
	Remote  string // the client's host
	Since   time.Time
	once    sync.Once // guards Close
}

// takenOver is why the conversation of a client ends when another one takes its place.
var takenOver = &libwebsocketd.CloseWith{Code: libwebsocketd.CloseTakenOver, Reason: "taken over by another connection"}

// attach makes a client a viewer of the session, or lets it send a message. It waits for a
// process that is being started, and for one that is being ended. If it returns neither an
// Attachment nor a refusal, the session has gone meanwhile.
func (x *Session) attach(call *libwebsocketd.Attach, from shared.From) (*Attachment, *gate.Refusal) {
	for {
		a, refusal := x.tryAttach(call, from)
		switch {
		case a != nil || refusal != nil:
			return a, refusal
		case x.isGone():
			return nil, x.refused.Load()
		case call.SendOnly && x.hub.Ending() != nil:
			return nil, over(x.hub.Ending())
		}
		select {
		case <-x.hub.Settled():
		case <-x.gone:
		case <-call.Request.Context().Done():
			return nil, &gate.Refusal{Status: http.StatusServiceUnavailable, Reason: "the client has left"}
		}
	}
}

// unknownTo returns the refusal of a session that is not there any more.
func unknownTo(from shared.From) *gate.Refusal {
	if from.Reconnects() {
		return from.NothingThere()
	}
	return unknown
}

// over returns the refusal of a message when the process has ended.
func over(ending error) *gate.Refusal {
	_, reason := libwebsocketd.Closing(ending)
	return &gate.Refusal{Status: http.StatusGone, Reason: "the program has ended: " + reason}
}

// tryAttach attaches a client by the policy. If it returns neither an Attachment nor a
// refusal, the hub takes no viewer yet.
func (x *Session) tryAttach(call *libwebsocketd.Attach, from shared.From) (*Attachment, *gate.Refusal) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.life.Attach == Refuse && !call.SendOnly && len(x.attachments) > 0 {
		return nil, &gate.Refusal{Status: http.StatusConflict, Reason: "another connection is attached to this session (see --attach)"}
	}
	sub, refusal := x.hub.Attach(call, from)
	if sub == nil {
		return nil, refusal
	}
	call.Log = call.Log.With("session", x.Number)
	a := &Attachment{Confirmer: shared.Confirmer{Subscription: sub}, Session: x, Since: time.Now(), Remote: call.Admitted.Remote()}
	if call.SendOnly {
		return a, nil
	}
	if x.life.Attach == TakeOver {
		for _, other := range x.attachments {
			other.Leave(takenOver)
		}
	}
	x.latest++
	a.Number = x.latest
	x.attachments = append(x.attachments, a)
	x.untold++
	return a, nil
}

// begin tells the hook that the client listens, if it does. It returns a.
func (a *Attachment) begin() libwebsocketd.Endpoint {
	if a.Number > 0 {
		a.tell(a.Session.life.Hooks.OnAttach)
	}
	return a
}

// Close makes the client leave.
func (a *Attachment) Close() error {
	a.once.Do(func() {
		a.Confirmer.Close()
		if a.Number > 0 {
			a.end()
		}
	})
	return nil
}

// end tells the hook that the client listens no more.
func (a *Attachment) end() {
	x := a.Session
	x.mu.Lock()
	x.attachments = slices.DeleteFunc(x.attachments, func(other *Attachment) bool { return other == a })
	x.mu.Unlock()
	a.tell(x.life.Hooks.OnDetach)
	x.mu.Lock()
	x.untold--
	x.mu.Unlock()
	x.destroy()
}
