package manager

import (
	"cmp"
	"context"
	"sync"
	"time"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/shared"
)

// life is the time from a start by hand, or by the server, to the end after which nothing follows.
type life struct {
	ctx    context.Context // done when it is to end
	halt   context.CancelFunc
	stop   context.Context // done when it is to end because the server does
	goAway context.CancelCauseFunc
	work   sync.WaitGroup // reloads, which begin only while the life does not end, and what attends to processes
	done   chan struct{}  // closed when nothing runs, and nothing follows

	// Guarded by instance.mu.
	service *service    // whose settings the hub has
	hub     *shared.Hub // nil while the instance waits for its dependencies
	final   Status      // when no process follows: what the instance is at the end; else ""
}

func newLife() *life {
	l := &life{done: make(chan struct{})}
	l.ctx, l.halt = context.WithCancel(context.Background())
	l.stop, l.goAway = context.WithCancelCause(context.Background())
	return l
}

// ends reports whether the life is to end; the instance's mu is held.
func (l *life) ends() bool { return l.final != "" || l.ctx.Err() != nil }

// outcome returns what the instance is when the life, which ends, is over, and why; the instance's mu
// is held.
func (l *life) outcome(why string) (Status, string) {
	if l.ctx.Err() != nil {
		return Stopped, ""
	}
	return cmp.Or(l.final, Stopped), why
}

// isUp reports whether the instance lives: a process runs, or follows.
func (i *instance) isUp() bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.isUpLocked()
}

func (i *instance) isUpLocked() bool { return i.life != nil && !isClosed(i.life.done) }

// isBehind reports whether the instance lives, and is not to end, with a process that has not the
// settings of s, unless another one follows anyway, or with a hub that does not suit them: the next
// process would be in that, too.
func (i *instance) isBehind(s *service) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	if !i.isUpLocked() || i.life.ends() {
		return false
	}
	return i.run != nil && !i.asked && i.run.service != s || i.life.hub != nil && !s.fits(i.life.service)
}

// begin starts the instance, unless it lives, is to be stopped, its program is served no more or the
// server goes away. It does not wait.
func (i *instance) begin() bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.isUpLocked() || i.stops > 0 || i.fleet.mayStart() != nil {
		return false
	}
	l := newLife()
	if !i.manager.spawn(i.service.runtime, func() { i.live(l) }) {
		l.halt()
		l.goAway(nil)
		return false
	}
	i.life, i.row, i.why, i.first, i.completed, i.paused = l, 0, "", true, false, false
	i.since = i.tally
	i.set(Starting)
	return true
}

// live is a life of the instance.
func (i *instance) live(l *life) {
	defer i.rest(l)
	for l.hub == nil {
		if !i.awaitAfter(l.ctx) {
			return
		}
		if still := i.makeHub(l); still != nil {
			select {
			case <-still:
			case <-l.ctx.Done():
			}
		}
	}
	i.manager.stir() // clients wait for the hub
	if l.ctx.Err() != nil {
		l.hub.Fail()
		return
	}
	l.service.runtime.Go(l.hub.Keep())
	<-l.hub.Done()
	l.work.Wait()
}

// makeHub makes the hub of a life, unless another server may go on with the program: then it returns
// the channel that is closed when that is settled.
func (i *instance) makeHub(l *life) (still <-chan struct{}) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if still := i.fleet.standing(); still != nil {
		return still
	}
	l.service = i.service
	l.hub = shared.NewHub(i.hubOptions(l.service, l))
	return nil
}

// hubOptions returns the options of the hub of a life; i.mu is held.
func (i *instance) hubOptions(s *service, l *life) shared.HubOptions {
	p := s.runtime.Program()
	return shared.HubOptions{
		Life: s.life, Stays: true, Strict: !shared.Notes(p), Marks: shared.Notes(p), Pieces: p.Pieces(),
		Context: s.runtime.Context(), Stop: l.stop, Log: s.runtime.Log().With("instance", i.name), Category: category,
		Shelf: shared.NewShelf(1, s.life.History+s.life.KeepFirst), Start: i.launch, Keeper: i, Gone: func() {},
		Pass: func(hub shared.Handed) any { return i.pass(&hub) }, PassFile: i.passNotify,
	}
}

// rest ends a life.
func (i *instance) rest(l *life) {
	i.mu.Lock()
	defer i.mu.Unlock()
	halted := l.ctx.Err() != nil
	final, why := l.outcome(i.why)
	l.halt()
	l.goAway(nil)
	r := i.run
	i.run, i.waits, i.asked, i.why = nil, nil, false, why
	close(l.done)
	i.set(final)
	i.manager.stir()
	if halted && r != nil {
		i.tell(Lifecycle{Name: EventStopped, Pid: r.pid, Exit: i.exit})
	}
}

// halt ends the life of the instance, and reports whether there was one. It does not wait.
func (i *instance) halt() bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.haltLocked()
}

func (i *instance) haltLocked() bool {
	i.paused = true
	if !i.isUpLocked() {
		return false
	}
	i.set(Stopping)
	i.life.halt()
	if hub := i.life.hub; hub != nil {
		hub.End()
	}
	return true
}

// goAway does what halt does, because the server goes away.
func (i *instance) goAway(cause error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.isUpLocked() {
		i.set(Stopping)
		i.life.halt()
		i.life.goAway(cause)
	}
}

// again makes another process follow at once, and reports whether the instance lives on.
func (i *instance) again() bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	if !i.isUpLocked() || i.life.ends() {
		return false
	}
	i.row, i.since = 0, i.tally
	if hub := i.life.hub; hub != nil {
		if i.run != nil {
			i.asked = true
			i.set(Stopping)
		}
		hub.Restart()
	}
	return true
}

// awaitLeaving waits for the end of a life that is to end, if the instance has one.
func (i *instance) awaitLeaving(ctx context.Context) error {
	i.mu.Lock()
	leaves := i.isUpLocked() && i.life.ends()
	i.mu.Unlock()
	if !leaves {
		return nil
	}
	return i.awaitEnd(ctx)
}

// awaitEnd waits until the instance does not live.
func (i *instance) awaitEnd(ctx context.Context) error {
	i.mu.Lock()
	l := i.life
	i.mu.Unlock()
	if l == nil {
		return nil
	}
	select {
	case <-l.done:
		return nil
	case <-ctx.Done():
		return failed("%s has not ended yet", i.info().Name)
	}
}

// tally counts what an instance has come to, for those who wait for that.
type tally struct {
	online int // how often a process has become online
	failed int // how often one has ended before that, or could not be started
}

// awaitOnline waits until the instance has been online since it was begun, or made to restart. It
// returns an error when a process has ended before that, unless it has done what it was to do.
func (i *instance) awaitOnline(ctx context.Context) error {
	for {
		change := i.manager.change()
		if is, err := i.hasComeOnline(); is || err != nil {
			return err
		}
		select {
		case <-change:
		case <-ctx.Done():
			about := i.info()
			if about.Why != "" {
				return failed("%s is still %s: %s", about.Name, about.Status, about.Why)
			}
			return failed("%s is still %s", about.Name, about.Status)
		}
	}
}

// hasComeOnline reports whether what awaitOnline waits for is so, or why it will not be.
func (i *instance) hasComeOnline() (is bool, err error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	switch up := i.isUpLocked(); {
	case i.tally.online > i.since.online, !up && i.completed:
		return true, nil
	case i.manager.handed.Load():
		return false, errHanded(i.name)
	case !up && i.status == Errored:
		return false, failed("%s is errored: %s", i.name, i.why)
	case i.tally.failed > i.since.failed:
		return false, failed("%s has ended before it was online: %s", i.name, i.reason())
	case !up:
		return false, failed("%s was stopped", i.name)
	}
	return false, nil
}

// set changes the status, and tells that; i.mu is held.
func (i *instance) set(status Status) {
	before := i.status
	if before == status {
		return
	}
	i.status = status
	i.manager.tell(Event{At: time.Now(), Info: i.infoLocked(), Status: &StatusChange{before}})
	i.manager.stir()
}

// spawn runs f in a goroutine that the Server waits for, unless that goes away.
func (m *Manager) spawn(runtime *libwebsocketd.Runtime, f func()) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.over {
		return false
	}
	runtime.Go(f)
	return true
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}
