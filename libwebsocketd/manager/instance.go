package manager

import (
	"context"
	"sync"
	"time"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/shared"
)

// instance is one of the processes of a program, or one after another, with their hub.
type instance struct {
	manager *Manager
	id      int
	index   int // of the instances of its program
	created time.Time
	tail    tail

	mu       sync.Mutex
	service  *service
	status   Status
	life     *life // the last one; nil before the first
	run      *run  // the process; nil while there is none
	restarts int
	row      int // restarts in a row
	exit     *int
	health   Health
	why      string
	waits    []string // dependencies that are not so yet
	first    bool     // no process has been online in this life
}

// life is the time from a start by hand, or by the server, to the end after which nothing follows.
type life struct {
	ctx    context.Context // done when it is to end
	halt   context.CancelFunc
	stop   context.Context // done when it is to end because the server does
	goAway context.CancelCauseFunc
	hub    *shared.Hub   // nil while the instance waits for its dependencies; guarded by instance.mu
	done   chan struct{} // closed when nothing runs, and nothing follows
}

// newInstance returns an instance that does not run yet.
func (m *Manager) newInstance(s *service, index int) *instance {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.nextID++
	return &instance{manager: m, id: m.nextID - 1, index: index, created: time.Now(), service: s, status: Stopped, health: HealthUnknown}
}

// adopt makes the instance one of another service: its next process has the settings of that.
func (i *instance) adopt(s *service) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.service = s
}

// info returns what is known of the instance now.
func (i *instance) info() Info {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.infoLocked()
}

func (i *instance) infoLocked() Info {
	s := i.service
	p := s.runtime.Program()
	about := Info{
		ID: i.id, Name: s.nameOf(i.index), Program: s.name, Namespace: s.app.Namespace, Instance: i.index, Path: p.Path, Command: p.Command,
		Status: i.status, Created: i.created, Restarts: i.restarts, Health: i.health, Waits: i.waits, Exit: i.exit, Why: i.why,
	}
	for _, d := range s.app.After {
		about.After = append(about.After, d.String())
	}
	if i.life != nil && i.life.hub != nil {
		about.Viewers = i.life.hub.State().Viewers
	}
	if r := i.run; r != nil {
		about.Pid, about.Port, about.Began, about.Notice = r.pid, r.port, r.began, r.notify.Status()
	}
	return about
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

// tell tells what has happened to a process; i.mu is held.
func (i *instance) tell(what Lifecycle) {
	i.manager.tell(Event{At: time.Now(), Info: i.infoLocked(), Event: &what})
}

// tellLines tells lines of a process.
func (i *instance) tellLines(l *Lines) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.manager.tell(Event{At: time.Now(), Info: i.infoLocked(), Lines: l})
}

// isUp reports whether the instance lives: a process runs, or follows.
func (i *instance) isUp() bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.isUpLocked()
}

func (i *instance) isUpLocked() bool { return i.life != nil && !isClosed(i.life.done) }

// begin starts the instance, unless it lives or the server goes away. It does not wait.
func (i *instance) begin() bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.isUpLocked() {
		return false
	}
	l := &life{done: make(chan struct{})}
	l.ctx, l.halt = context.WithCancel(context.Background())
	l.stop, l.goAway = context.WithCancelCause(context.Background())
	if !i.manager.spawn(i.service.runtime, func() { i.live(l) }) {
		l.halt()
		l.goAway(nil)
		return false
	}
	i.life, i.row, i.why, i.first = l, 0, "", true
	i.set(Starting)
	return true
}

// live is a life of the instance.
func (i *instance) live(l *life) {
	defer i.rest(l)
	if !i.awaitAfter(l.ctx) {
		return
	}
	i.mu.Lock()
	s := i.service
	p := s.runtime.Program()
	hub := shared.NewHub(shared.HubOptions{
		Life: s.life, Stays: true, Strict: !shared.Notes(p), Marks: shared.Notes(p), Pieces: p.Pieces(),
		Context: s.runtime.Context(), Stop: l.stop, Log: s.runtime.Log().With("instance", s.nameOf(i.index)), Category: category,
		Shelf: shared.NewShelf(1, s.life.History+s.life.KeepFirst), Start: i.launch, Keeper: i, Gone: func() {},
	})
	l.hub = hub
	halted := l.ctx.Err() != nil
	i.mu.Unlock()
	if halted {
		hub.Fail()
		return
	}
	s.runtime.Go(hub.Keep())
	<-hub.Done()
}

// rest ends a life.
func (i *instance) rest(l *life) {
	i.mu.Lock()
	defer i.mu.Unlock()
	halted := l.ctx.Err() != nil
	l.halt()
	l.goAway(nil)
	r := i.run
	i.run, i.waits = nil, nil
	close(l.done)
	if i.status != Errored {
		i.set(Stopped)
	}
	i.manager.stir()
	if halted && r != nil {
		i.tell(Lifecycle{Name: EventStopped, Pid: r.pid, Exit: i.exit})
	}
}

// halt ends the life of the instance, and reports whether there was one. It does not wait.
func (i *instance) halt() bool {
	i.mu.Lock()
	defer i.mu.Unlock()
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

// again makes another process follow at once, and reports whether the instance lives.
func (i *instance) again() bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	if !i.isUpLocked() || i.life.ctx.Err() != nil {
		return false
	}
	i.row = 0
	if hub := i.life.hub; hub != nil {
		if i.run != nil {
			i.set(Stopping)
		}
		hub.Restart()
	}
	return true
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

// awaitOnline waits until the instance is online, or has ended with status 0 as it should.
func (i *instance) awaitOnline(ctx context.Context) error {
	for {
		change := i.manager.change()
		about, up := i.info(), i.isUp()
		switch {
		case about.Status == Online, !up && about.Status == Stopped && about.Exit != nil && *about.Exit == 0:
			return nil
		case !up:
			return failed("%s is %s: %s", about.Name, about.Status, about.Why)
		}
		select {
		case <-change:
		case <-ctx.Done():
			return failed("%s is still %s", about.Name, about.Status)
		}
	}
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
