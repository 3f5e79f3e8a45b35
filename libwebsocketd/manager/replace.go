package manager

import (
	"context"
	"time"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/gate"
)

// replace puts another process in the place of the one that runs, without a gap.
func (i *instance) replace(ctx context.Context, l *life) error {
	i.mu.Lock()
	if l.ends() {
		i.mu.Unlock()
		return failed("%s is being stopped", i.info().Name)
	}
	l.work.Add(1)
	defer l.work.Done()
	i.since = i.tally
	if i.run != nil && !i.asked {
		i.set(Restarting)
	}
	i.mu.Unlock()
	var next *run
	err := l.hub.Replace(func() (libwebsocketd.Endpoint, *gate.Refusal) {
		r, refusal := i.start(true)
		if refusal != nil {
			return nil, refusal
		}
		next = r
		r.goAttend(l)
		return r.endpoint, nil
	}, func() error { return i.awaitReady(ctx, l, next) }, func(ending error) { i.takePlace(next, ending) })
	if err != nil {
		return i.goOn(l, err)
	}
	return nil
}

// goOn ends a reload that has failed: everything is as before. It returns the error to tell.
func (i *instance) goOn(l *life, why error) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	if l.ends() {
		return failed("%s was not reloaded: %v", i.name, why)
	}
	switch r := i.run; {
	case r == nil || r.ended != "" || i.asked || i.status != Restarting:
	case r.told:
		i.set(Online)
	default:
		i.set(Starting)
	}
	return failed("%s was not reloaded, and goes on as before: %v", i.name, why)
}

// takePlace makes a process the one of its instance, in the place of one that has ended like that.
func (i *instance) takePlace(next *run, ending error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	close(next.placed)
	i.run, i.health, i.asked = next, HealthUnknown, false
	i.exit, i.row = exitOf(ending), 0
	i.restarts++
	if i.status == Stopping && !i.life.ends() { // it was failing, with no restart to follow: this one follows
		i.set(Restarting)
	}
	i.onlineLocked(next)
}

// awaitReady waits until a process is ready that is to take the place of another. One of which
// nothing says when it is ready has to run for MinUptime.
func (i *instance) awaitReady(ctx context.Context, l *life, r *run) error {
	ready, stay := r.ready, (<-chan time.Time)(nil)
	if r.service.app.Ready == nil {
		timer := time.NewTimer(r.service.app.MinUptime)
		defer timer.Stop()
		ready, stay = nil, timer.C
	}
	select {
	case <-ready:
		return nil
	case <-stay:
		return nil
	case <-r.gaveUp:
		return failed("the next process was given up%s", i.reasonOf(r))
	case <-r.endpoint.Exited():
		return failed("the next process has ended before it was ready%s", i.reasonOf(r))
	case <-l.ctx.Done():
		return failed("it is being stopped")
	case <-l.hub.Done():
		return failed("the process before has ended, and none is to follow")
	case <-ctx.Done():
		return failed("the next process is not ready yet")
	}
}

// reasonOf returns why we have ended a process, for the end of a sentence; "" if we have not.
func (i *instance) reasonOf(r *run) string {
	i.mu.Lock()
	defer i.mu.Unlock()
	if r.ended == "" {
		return ""
	}
	return ": " + r.ended
}
