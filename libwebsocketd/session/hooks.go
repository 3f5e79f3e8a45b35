package session

import "net/http"

// Hooks are functions of a Go program that serves sessions. Each may be nil. They may be
// called from any goroutine, and must not wait for the Server. A panic in one is logged,
// and ends nothing else; one in Root breaks off the request.
type Hooks struct {
	// Created is called before the process of a session is started, so that Session.Send
	// and Session.Do are errors within it. An error of its own, or a panic, undoes the
	// session: its client is answered 500, and Destroyed is not called.
	Created func(*Session) error

	// Destroyed is called when nothing of a session is left and no client can come back
	// to it, after the last OnDetach.
	Destroyed func(*Session)

	// OnAttach and OnDetach are called when a client begins and ends to listen to a
	// session. A client that polls listens for the time of each answer.
	OnAttach, OnDetach func(*Attachment)

	// AfterBatch is called when the process has taken a client's messages, before it is
	// given others: in turn with Session.Do.
	AfterBatch func(*Session)

	// Root returns the id of the session for the page at the program's path, "" for the
	// one of the browser's cookie. Whoever gets that page can attach to that session.
	Root func(*http.Request) string
}

// callCreated calls the hook, and returns its error or its panic.
func (x *Session) callCreated() (err error) {
	f := x.life.Load().Hooks.Created
	if f == nil {
		return nil
	}
	if panicked := x.hub.Safely(func() { err = f(x) }); panicked != nil {
		return panicked
	}
	return err
}

// tell calls a hook about an attachment, if there is such a hook.
func (a *Attachment) tell(hook func(*Attachment)) {
	if hook != nil {
		a.Session.hub.Safely(func() { hook(a) })
	}
}

// destroy calls Destroyed, once, if nothing of the session is left.
func (x *Session) destroy() {
	x.mu.Lock()
	over := x.created && !x.destroyed && x.untold == 0 && x.isGone()
	x.destroyed = x.destroyed || over
	x.mu.Unlock()
	if f := x.life.Load().Hooks.Destroyed; f != nil && over {
		x.hub.Safely(func() { f(x) })
	}
}
