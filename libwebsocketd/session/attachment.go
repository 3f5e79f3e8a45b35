package session

import (
	"cmp"
	"context"
	"errors"
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
	once    sync.Once     // guards Close
	left    chan struct{} // closed when it has left
}

// takenOver is why the conversation of a client ends when another one takes its place.
var takenOver = &libwebsocketd.CloseWith{Code: libwebsocketd.CloseTakenOver, Reason: "taken over by another connection"}

// leaveTime is how long a client waits for the one before it to leave: that is mostly the
// same one, whose connection was lost or closed a moment ago.
const leaveTime = time.Second

// occupied is the refusal of a client where another one is attached, with Refuse.
var occupied = &gate.Refusal{Status: http.StatusConflict, Kind: gate.KindSessionTaken, RetryAfter: 1, Reason: "another connection is attached to this session (see --attach)"}

// attach makes a client a viewer of the session, or lets it send a message. It waits for a
// process that is being started, for one that is being ended, and with Refuse for the client
// before it. If it returns neither an Attachment nor a refusal, the session has gone
// meanwhile.
func (x *Session) attach(call *libwebsocketd.Attach, from shared.From) (*Attachment, *gate.Refusal) {
	patience := time.Now().Add(leaveTime)
	for {
		a, refusal := x.tryAttach(call, from)
		switch {
		case refusal == occupied && x.untilVacant(call.Request.Context(), patience):
			continue
		case a != nil || refusal != nil:
			return a, refusal
		case call.SendOnly && x.hub.Ending() != nil:
			return nil, over(x.hub.Ending())
		case x.isGone():
			return nil, x.refused.Load()
		}
		select {
		case <-x.hub.Settled():
		case <-x.gone:
		case <-call.Request.Context().Done():
			return nil, &gate.Refusal{Status: http.StatusServiceUnavailable, Kind: gate.KindClientLeft, Reason: "the client has left"}
		}
	}
}

// untilVacant waits for the client that is attached to leave, and reports whether it has.
func (x *Session) untilVacant(ctx context.Context, patience time.Time) bool {
	ctx, cancel := context.WithDeadline(ctx, patience)
	defer cancel()
	for a := range x.Attachments() {
		select {
		case <-a.left:
		case <-ctx.Done():
			return false
		}
	}
	return true
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
	if ending == shared.ErrHanded {
		return gate.HandedOver
	}
	_, reason := libwebsocketd.Closing(ending)
	return &gate.Refusal{Status: http.StatusGone, Reason: "the program has ended: " + reason}
}

// tryAttach attaches a client by the policy. If it returns neither an Attachment nor a
// refusal, the hub takes no viewer yet.
func (x *Session) tryAttach(call *libwebsocketd.Attach, from shared.From) (*Attachment, *gate.Refusal) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.life.Load().Attach == Refuse && !call.SendOnly && len(x.attachments) > 0 {
		return nil, occupied
	}
	sub, refusal := x.hub.Attach(call, from)
	if sub == nil {
		return nil, refusal
	}
	call.Log = call.Log.With("session", x.Number)
	a := &Attachment{Confirmer: shared.Confirmer{Subscription: sub}, Session: x, Since: time.Now(), Remote: call.Admitted.Remote(), left: make(chan struct{})}
	if call.SendOnly {
		return a, nil
	}
	if x.life.Load().Attach == TakeOver {
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
		a.tell(a.Session.life.Load().Hooks.OnAttach)
	}
	return a
}

// Send sends messages to the process, in turn with those of other clients. To a client that
// only sends it reports that the process has ended, if that is why they were not taken.
func (a *Attachment) Send(batch []libwebsocketd.Message) error {
	err := a.Confirmer.Send(batch)
	var refused *libwebsocketd.RefusedError
	if err == nil || a.Number > 0 || errors.As(err, &refused) {
		return err
	}
	return cmp.Or(a.untilEnded(), err)
}

// untilEnded returns how the process ended. It waits for that while the session is being
// ended, and otherwise for a process that has just closed its input: the result is nil if
// it goes on.
func (a *Attachment) untilEnded() error {
	x := a.Session
	timer := time.NewTimer(leaveTime)
	defer timer.Stop()
	expired := timer.C
	if x.registry.byID(x.ID) != x {
		expired = nil
	}
	select {
	case <-x.Done():
	case <-a.left:
	case <-expired:
	}
	return x.hub.Ending()
}

// Close makes the client leave.
func (a *Attachment) Close() error {
	a.once.Do(func() {
		a.Confirmer.Close()
		if a.Number > 0 {
			a.end()
		}
		close(a.left)
	})
	return nil
}

// end tells the hook that the client listens no more.
func (a *Attachment) end() {
	x := a.Session
	x.mu.Lock()
	x.attachments = slices.DeleteFunc(x.attachments, func(other *Attachment) bool { return other == a })
	x.mu.Unlock()
	a.tell(x.life.Load().Hooks.OnDetach)
	x.mu.Lock()
	x.untold--
	x.mu.Unlock()
	x.destroy()
}
