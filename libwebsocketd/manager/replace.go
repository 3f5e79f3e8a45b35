package manager

import (
	"context"
	"time"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/gate"
)

// replace puts another process in the place of the one that runs, without a gap.
func (i *instance) replace(ctx context.Context) error {
	i.mu.Lock()
	l := i.life
	if l == nil || l.hub == nil || i.run == nil {
		i.mu.Unlock()
		return i.awaitOnline(ctx) // it gets its settings when it starts
	}
	i.set(Restarting)
	i.mu.Unlock()
	var next *run
	err := l.hub.Replace(func() (libwebsocketd.Endpoint, *gate.Refusal) {
		r, refusal := i.start(true)
		if refusal != nil {
			return nil, refusal
		}
		next = r
		r.begin()
		return r.endpoint, nil
	}, func() error { return i.awaitReady(ctx, l, next) })
	i.mu.Lock()
	defer i.mu.Unlock()
	switch {
	case err != nil:
		if i.run != nil && i.status == Restarting && l.ctx.Err() == nil {
			i.set(Online)
		}
		return failed("%s was not reloaded, and goes on as before: %v", i.service.nameOf(i.index), err)
	case i.run == next && i.status == Restarting && next.ended == "":
		i.restarts++
		i.first = false
		i.set(Online)
		i.tell(Lifecycle{Name: EventRestarted, Pid: next.pid, Took: time.Since(next.began)})
	}
	return nil
}

// awaitReady waits until a process is ready that is to take the place of another, and makes it
// the instance's. One of which nothing says when it is ready has to run for MinUptime.
func (i *instance) awaitReady(ctx context.Context, l *life, r *run) error {
	ready, stay := r.ready, (<-chan time.Time)(nil)
	if r.service.app.Ready == nil {
		timer := time.NewTimer(r.service.app.MinUptime)
		defer timer.Stop()
		ready, stay = nil, timer.C
	}
	select {
	case <-ready:
	case <-stay:
	case <-r.exited:
		return failed("the next process has ended before it was ready%s", i.reasonOf(r))
	case <-l.ctx.Done():
		return failed("it is being stopped")
	case <-ctx.Done():
		return failed("the next process is not ready yet")
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.run == nil || l.ctx.Err() != nil {
		return failed("the process before has ended meanwhile")
	}
	i.run, i.health = r, HealthUnknown
	return nil
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
