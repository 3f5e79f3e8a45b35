package shared

import (
	"time"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/internal/after"
)

// run keeps the hub going, from its first process until no client can come back to it. nil is
// for a first process that is still to be started.
func (h *Hub) run(program libwebsocketd.Endpoint) {
	defer close(h.exited)
	defer after.Done(h.Stop, h.flow.StopBlocking)()
	if program == nil {
		program = h.startFirst()
	}
	dropped, ending := h.serveAll(program)
	if ending == ErrHanded {
		h.depart()
		return
	}
	if ending == nil {
		ending = h.neverStarted()
	}
	h.mu.Lock()
	left := h.closing
	h.closing, h.over, h.ending = true, true, ending
	h.mu.Unlock()
	if s := h.takeSuccessor(); s != nil {
		s.Close()
	}
	h.sayEnd(ending)
	h.close(ending)
	if h.Ended != nil {
		h.untilAlone()
		h.Ended(ending)
	}
	if left {
		h.vanish()
		return
	}
	h.outlastAndVanish(dropped)
}

// outlastAndVanish waits while a client may come back for the record, and is the end of the hub.
func (h *Hub) outlastAndVanish(dropped <-chan struct{}) {
	if h.outlast(dropped) {
		h.depart()
		return
	}
	h.vanish()
}

// vanish lets go of the hub: no client can come back for the record.
func (h *Hub) vanish() {
	h.lose()
	h.leaveAll()
}

// serveAll serves a process, and those that follow it. It returns what is closed when the output had to
// be dropped, and how the last process ended.
func (h *Hub) serveAll(program libwebsocketd.Endpoint) (dropped <-chan struct{}, ending error) {
	for program != nil {
		end := End{Began: time.Now()}
		end.Asked, end.Ending = h.serve(program)
		if ending = end.Ending; ending == ErrHanded {
			return nil, ending
		}
		dropped = h.Shelf.put(h)
		if program = h.next(end); program != nil {
			h.Shelf.take(h)
		}
	}
	if h.departed {
		return nil, ErrHanded
	}
	return dropped, ending
}

// startFirst returns the first process of a hub that was begun by Keep, nil if it does not start.
func (h *Hub) startFirst() libwebsocketd.Endpoint {
	program, refusal := h.Start()
	if refusal == nil {
		h.noteRestart(h.previous)
		return program
	}
	h.refusal = refusal
	return h.next(End{Refusal: refusal, Ending: h.previous})
}

// neverStarted returns the ending of a hub without any process.
func (h *Hub) neverStarted() error {
	return &libwebsocketd.CloseWith{Code: libwebsocketd.CloseInternalError, Reason: h.refusal.Reason}
}

// lose ends the time in which a client can come back for the record.
func (h *Hub) lose() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.lost = true
	h.unshelve()
}

// sayEnd logs the end: how the last process ended, and why if the hub has ended it.
func (h *Hub) sayEnd(ending error) {
	_, last := h.output.Kept()
	about := []any{"ending", ending.Error(), "messages", last}
	if h.About != nil {
		about = append(about, h.About()...)
	}
	h.mu.Lock()
	if h.Hold && h.why != "" {
		about = append(about, "why", h.why)
	}
	h.mu.Unlock()
	h.say(libwebsocketd.LevelAccess, "END", about...)
}

// setProcess records which process runs; nil is none.
func (h *Hub) setProcess(program libwebsocketd.Endpoint) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.process = program
}

// runs reports whether a process runs, and else whether none will.
func (h *Hub) runs() (runs, isOver bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.process != nil, h.over
}

// unshelve takes the record off the shelf if no viewer reads it and no client can come
// back for it; h.mu is held.
func (h *Hub) unshelve() {
	if h.lost && len(h.viewers) == 0 {
		h.Shelf.take(h)
	}
}

// reportTime is how long viewers may take to be sent the end.
const reportTime = 5 * time.Second

// untilAlone waits until all viewers have been sent the end and have left, but not
// longer than reportTime.
func (h *Hub) untilAlone() {
	timer := time.NewTimer(reportTime)
	defer timer.Stop()
	for h.isWatched() {
		select {
		case <-h.stirred:
		case <-timer.C:
			return
		case <-h.Context.Done():
			return
		}
	}
}

// isWatched reports whether the hub has viewers.
func (h *Hub) isWatched() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.viewers) > 0
}

// toldTime is how long a hub that is kept for ever is kept when some client may have been
// told the end.
const toldTime = 5 * time.Minute

// outlast waits while a client may come back for the record, and the record is kept. With
// Hold that time runs only while there are no viewers, and ends when one was told the end. taken
// reports whether another server goes on with the record.
func (h *Hub) outlast(dropped <-chan struct{}) (taken bool) {
	timer := time.NewTimer(h.leaseTime())
	defer timer.Stop()
	stirred := h.stirred
	if !h.Hold {
		stirred = nil
	}
	for {
		expired := timer.C
		if h.Hold && h.isWantedNow() {
			expired = nil
		}
		select {
		case <-expired:
			return false
		case <-h.said:
			if h.becomeKnown() {
				timer.Reset(h.leaseTime())
			}
		case l := <-h.lifts:
			if h.answer(l, h.Ending(), true) {
				return true
			}
		case <-stirred:
			timer.Reset(h.leaseTime())
		case <-h.told:
			return false
		case <-h.quit:
			return false
		case <-dropped:
			return false
		case <-h.Context.Done():
			return false
		}
	}
}

// becomeKnown records that some client may have been told the end. It reports whether the hub was kept for ever:
// it is not from now on.
func (h *Hub) becomeKnown() (wasForEver bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.known = true
	if wasForEver = h.stays; wasForEver {
		h.expires = true
		h.keepFor(toldTime, false)
	}
	return wasForEver
}

// leaseTime returns how long a client may take to come back for the record.
func (h *Hub) leaseTime() time.Duration {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.returns && !h.Hold {
		return max(h.linger, lease)
	}
	return h.linger
}

// serve runs one process, from its start to its end. again reports whether it was ended
// in order to be restarted.
func (h *Hub) serve(program libwebsocketd.Endpoint) (again bool, ending error) {
	h.setProcess(program)
	defer h.setProcess(nil)
	at := h.attend(program)
	defer at.work.Wait()
	idle := time.NewTimer(0) // fires at once, and is armed then
	defer idle.Stop()
	for {
		select {
		case ending = <-at.ended:
			close(at.quit)
			program.Close()
			h.drain(at.fed, idle)
			return h.settle() || again || h.isStale(), ending
		case <-h.changed:
			again = true
		case <-h.quit:
		case <-h.Stop.Done():
		case l := <-at.lifts:
			if at.lift(l) {
				return false, ErrHanded
			}
			continue
		case <-h.stirred:
			h.arm(idle)
			continue
		case <-idle.C:
			if !h.leave() {
				h.arm(idle)
				continue
			}
		}
		close(at.quit)
		if !again {
			h.flow.StopBlocking()
		}
		at.work.Go(func() { program.Close() }) // by the ladder; it waits for the last output, which may wait for a viewer
		ending = h.drain(at.ended, idle)
		h.drain(at.fed, idle)
		return again, ending
	}
}

// drain returns what comes from listen, when the last output is in the record, or from
// feed, where Fed may add to it. That may wait for a viewer to confirm (Hold), as long as
// the hub waits for viewers.
func (h *Hub) drain(ended <-chan error, idle *time.Timer) error {
	for {
		select {
		case ending := <-ended:
			return ending
		case <-h.stirred:
		case <-h.quit:
			h.flow.StopBlocking()
			return <-ended
		case <-idle.C:
			if h.leave() {
				h.flow.StopBlocking()
				return <-ended
			}
		}
		h.arm(idle)
	}
}

// arm sets a timer to when the hub closes if no viewer comes.
func (h *Hub) arm(idle *time.Timer) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.isWanted() {
		idle.Stop()
		return
	}
	idle.Reset(time.Until(h.until))
}

// isWantedNow does what isWanted does, and takes h.mu for it.
func (h *Hub) isWantedNow() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.isWanted()
}

// isWanted reports whether the process is kept for now; h.mu is held.
func (h *Hub) isWanted() bool { return h.stays || len(h.viewers) > 0 }

// leave closes the hub if its time without viewers is over, and reports whether the
// hub is closed.
func (h *Hub) leave() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.closing && !h.isWanted() && !time.Now().Before(h.until) {
		h.closing, h.why = true, "no client for "+h.linger.String()
	}
	return h.closing
}
