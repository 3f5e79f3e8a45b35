package shared

import (
	"sync"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/stdio"
)

// attendance is the two goroutines that serve a process: one reads its output, one writes its
// input.
type attendance struct {
	hub     *Hub
	program libwebsocketd.Endpoint
	ended   chan error    // gets the result of listen
	fed     chan error    // gets nil when feed has returned
	quit    chan struct{} // ends feed
	lifts   chan *lift    // the hub's; nil once the process is being ended: it does not stand still
	work    sync.WaitGroup
}

func (h *Hub) attend(program libwebsocketd.Endpoint) *attendance {
	a := &attendance{hub: h, program: program, lifts: h.lifts, ended: make(chan error, 1), fed: make(chan error, 1)}
	a.begin()
	return a
}

// begin starts the goroutines.
func (a *attendance) begin() {
	quit := make(chan struct{})
	a.quit = quit
	a.work.Go(func() { a.ended <- a.hub.listen(a.program) })
	a.work.Go(func() {
		a.hub.feed(a.program, quit)
		a.fed <- nil
	})
}

// pausable returns the process as one that can be handed over, nil if it cannot.
func pausable(program libwebsocketd.Endpoint) *stdio.Endpoint {
	if s, ok := program.(*successor); ok {
		program = s.Endpoint
	}
	p, _ := program.(*stdio.Endpoint)
	return p
}

// lift makes the process stand still for l, and reports whether another server goes on with it.
func (a *attendance) lift(l *lift) (taken bool) {
	h, p := a.hub, pausable(a.program)
	if p == nil {
		l.still <- nil
		return false
	}
	if !p.Pause() {
		a.lifts = nil
		h.admitAgain(l)
		l.still <- endedMeanwhile // it will have: Lift waits until another process follows, or none
		return false
	}
	close(a.quit)
	h.flow.Interrupt(true)
	ending := <-a.ended
	<-a.fed
	to := h.carry(l, p, ending)
	if to != nil {
		l.still <- to
		taken = <-l.taken
	}
	if h.departing = l; taken {
		h.answerPassed()
		return true
	}
	h.flow.Interrupt(false)
	p.Resume()
	a.begin() // a process that has ended meanwhile tells that again
	h.admitAgain(l)
	if to == nil {
		l.still <- endedMeanwhile // last: it is lifted again at once
	}
	return false
}

// carry returns what is handed over, nil if the process has ended meanwhile.
func (h *Hub) carry(l *lift, p *stdio.Endpoint, ending error) *Lifted {
	switch kept := h.kept; {
	case kept == nil:
	case kept.call != nil:
		h.kept = nil
		kept.done <- h.Safely(kept.call)
	case !kept.isWanted():
		h.kept = nil
		kept.done <- errMissed
	}
	rest := p.Rest()
	if len(rest.Stdin) > 0 { // also where the process goes on here
		first := newInputBatch([]libwebsocketd.Message{{Kind: libwebsocketd.Verbatim, Data: rest.Stdin}})
		if kept := h.kept; kept != nil {
			first.batch, first.done = append(first.batch, kept.batch...), kept.done
		}
		h.kept = first
	}
	if ending != stdio.ErrPaused {
		return nil
	}
	to := &Lifted{Handed: h.snapshot(), lift: l, endpoint: p}
	to.Process = libwebsocketd.Carry(p, rest)
	return to
}
