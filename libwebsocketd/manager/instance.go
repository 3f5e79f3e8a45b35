package manager

import (
	"sync"
	"time"

	"websocketd/libwebsocketd/shared"
)

// instance is one of the processes of a program, or one after another, with their hub.
type instance struct {
	manager *Manager
	fleet   *fleet
	id      int
	index   int // of the instances of its program
	created time.Time
	tail    tail

	mu       sync.Mutex
	service  *service
	name     string
	status   Status
	life     *life // the last one; nil before the first
	run      *run  // the process; nil while there is none
	restarts int
	row      int // restarts in a row
	exit     *int
	health   Health
	why      string
	paused   bool     // it was stopped by hand, and Every does not start it
	waits    []string // dependencies that are not so yet
	first    bool     // no process has been online in this life
	asked    bool     // the process is to end in order to be restarted
	stops    int      // how many wait for the turn to stop it: it is not started until then
	renews   bool     // the life ends in order that another one follows: see renew

	completed    bool  // the last life has ended by itself, with status 0
	tally, since tally // see awaitOnline
}

// newInstance returns an instance that does not run yet, and has no name.
func (m *Manager) newInstance(s *service, index int) *instance {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.nextID++
	return &instance{manager: m, fleet: s.fleet, id: m.nextID - 1, index: index, created: time.Now(), service: s, status: Stopped, health: HealthUnknown}
}

// adopt makes the instance one of another service: its next process has the settings of that.
func (i *instance) adopt(s *service) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.service = s
}

// bar does what that of its fleet does, for the instance alone.
func (i *instance) bar() (lift func()) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.stops++
	return func() {
		i.mu.Lock()
		defer i.mu.Unlock()
		i.stops--
	}
}

// after returns what the instance is started after.
func (i *instance) after() []Dependency {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.service.app.After
}

// hub returns the instance's hub, nil if it has not run yet.
func (i *instance) hub() *shared.Hub {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.life == nil {
		return nil
	}
	return i.life.hub
}

// look returns the hub of the instance, if that is not over or has the epoch, and else whether there
// will be one in a moment, or it will wait for another program. Both are of one moment: what is not
// there yet is not taken for what is there no more.
func (i *instance) look(epoch string) (hub *shared.Hub, begins bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if l := i.life; l != nil && l.hub != nil && (!l.hub.IsOver() || l.hub.Epoch() == epoch) {
		return l.hub, false
	}
	return nil, i.renews || i.isUpLocked() && i.life.hub == nil && len(i.waits) == 0 && !i.life.ends()
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
		ID: i.id, Name: i.name, Program: s.name, Namespace: s.app.Namespace, Instance: i.index, Path: p.Path, Command: p.Command,
		Status: i.status, Created: i.created, Restarts: i.restarts, Health: i.health, Waits: i.waits, Exit: i.exit, Why: i.why,
		completed: i.completed && i.status == Stopped,
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
