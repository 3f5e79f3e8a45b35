package manager

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/gate"
)

// category is that of the manager's log entries.
const category = "manager"

// Codes of an Error, as PMDaemon documents them.
const (
	CodeNotFound  = "PROCESS_NOT_FOUND"
	CodeExists    = "PROCESS_ALREADY_EXISTS"
	CodeInvalid   = "INVALID_CONFIGURATION"
	CodeOperation = "OPERATION_FAILED"
)

// Error is why an operation was not done.
type Error struct {
	Code    string
	Message string
}

// Error implements error.
func (e *Error) Error() string { return e.Message }

func failed(format string, about ...any) error {
	return &Error{CodeOperation, fmt.Sprintf(format, about...)}
}

// Options are the settings of a Manager.
type Options struct {
	Log *slog.Logger // nil discards
}

// Manager knows the supervised programs of a Server. Its methods may be called concurrently. The
// operations (Start to Scale) return when the deed is done; they may wait for the program's
// ladder, for its readiness, and for another operation on the same program. They end early when
// their context is done, with an error; what they have begun goes on.
type Manager struct {
	log    *slog.Logger
	server atomic.Pointer[libwebsocketd.Server]
	ending sync.Once   // starts the orderly end
	handed atomic.Bool // another server goes on with the programs

	startChild func(*libwebsocketd.Runtime, libwebsocketd.Start) (child, *gate.Refusal)

	wanted atomic.Int64 // how many want lines

	sampler sampler
	machine machine
	files   logFiles

	porting sync.Mutex // held while a port is chosen
	claims  map[int]int

	telling sync.Mutex // held while an event is told: they come in order
	notify  func(Event)

	mu       sync.Mutex
	services map[string]*service // by program
	nextID   int
	over     bool          // the Server goes away: nothing is started any more
	changed  chan struct{} // closed, and replaced, when the state of an instance has changed
}

// New returns a Manager without programs.
func New(o Options) *Manager {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Manager{
		log: o.Log, startChild: startChild, claims: map[int]int{}, notify: func(Event) {},
		services: map[string]*service{}, changed: make(chan struct{}),
	}
}

// Notify sets the function that is told every event, in order. It must not block, and must not
// call the Manager. It is set before there are programs.
func (m *Manager) Notify(f func(Event)) { m.notify = f }

// Steer names the Server that Add and Delete change.
func (m *Manager) Steer(s *libwebsocketd.Server) { m.server.Store(s) }

// WantLines says that somebody wants the lines of programs as events, or not any more. Nobody
// wants them at first; each call with true is ended by one with false.
func (m *Manager) WantLines(wanted bool) {
	if wanted {
		m.wanted.Add(1)
		return
	}
	m.wanted.Add(-1)
}

// tell tells an event.
func (m *Manager) tell(e Event) {
	m.telling.Lock()
	defer m.telling.Unlock()
	m.notify(e)
}

// stir wakes everyone who waits for a change.
func (m *Manager) stir() {
	m.mu.Lock()
	defer m.mu.Unlock()
	close(m.changed)
	m.changed = make(chan struct{})
}

// change returns a channel that is closed at the next change.
func (m *Manager) change() <-chan struct{} {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.changed
}

// List returns every instance, in the order of their IDs.
func (m *Manager) List() []Info {
	var all []Info
	for _, s := range m.all() {
		all = append(all, s.infos()...)
	}
	slices.SortFunc(all, func(a, b Info) int { return a.ID - b.ID })
	return m.withUsage(all)
}

// all returns the services, by name, when it is known which instances they have: after the start of a
// server that is when the one before has handed over what it hands over.
func (m *Manager) all() []*service {
	m.mu.Lock()
	all := slices.SortedFunc(maps.Values(m.services), func(a, b *service) int { return strings.Compare(a.name, b.name) })
	m.mu.Unlock()
	for _, s := range all {
		<-s.known
	}
	return all
}

// Find returns the instances that a name means: those of a program, or one by its name or by its
// ID in digits.
func (m *Manager) Find(name string) ([]Info, error) {
	s, one, err := m.find(name)
	if err != nil {
		return nil, err
	}
	if one != nil {
		return m.withUsage([]Info{one.info()}), nil
	}
	return m.withUsage(s.infos()), nil
}

// find returns the service that a name means, and the instance if it means only one. A program's
// name comes before that of an instance, and that before an ID.
func (m *Manager) find(name string) (*service, *instance, error) {
	all := m.all()
	for _, s := range all {
		if s.name == name {
			return s, nil, nil
		}
	}
	id, err := strconv.Atoi(name)
	isID := err == nil
	var byID *instance
	var of *service
	for _, s := range all {
		for _, i := range s.list() {
			if i.info().Name == name {
				return s, i, nil
			}
			if isID && i.id == id {
				byID, of = i, s
			}
		}
	}
	switch {
	case byID != nil:
		return of, byID, nil
	case m.handed.Load():
		return nil, nil, errHanded(name)
	}
	return nil, nil, &Error{CodeNotFound, fmt.Sprintf("there is no supervised program %q", name)}
}

// Start starts what is stopped or errored of a program, or one instance.
func (m *Manager) Start(ctx context.Context, name string) error {
	return m.do(ctx, name, (*service).start)
}

// Stop stops a program, or one instance, until it is started by hand. It does not wait for another
// operation on the program: what that has begun fails.
func (m *Manager) Stop(ctx context.Context, name string) error {
	s, one, err := m.find(name)
	if err != nil {
		return err
	}
	lift := s.bar
	if one != nil {
		lift = one.bar
	}
	defer lift()()
	if one != nil {
		one.halt()
	} else {
		s.End()
	}
	return m.do(ctx, name, (*service).stop)
}

// Restart ends what runs of a program, or of one instance, and starts it again. What does not run
// is started.
func (m *Manager) Restart(ctx context.Context, name string) error {
	return m.do(ctx, name, (*service).restart)
}

// Reload puts another process in the place of each that runs, without a gap, one instance after
// the other. What does not run is started.
func (m *Manager) Reload(ctx context.Context, name string) error {
	return m.do(ctx, name, (*service).reload)
}

// do does something with a program, or with one instance, when its turn has come.
func (m *Manager) do(ctx context.Context, name string, what func(s *service, ctx context.Context, of []*instance) error) error {
	s, one, err := m.find(name)
	if err != nil {
		return err
	}
	if err := s.take(ctx); err != nil {
		return err
	}
	defer s.release()
	s = s.newest() // another one may have come meanwhile
	if one != nil {
		return what(s, ctx, []*instance{one})
	}
	return what(s, ctx, s.list())
}

// Delete stops a program, and serves it no more until the next start of the server. Of one
// instance it is Stop.
func (m *Manager) Delete(ctx context.Context, name string) error {
	s, one, err := m.find(name)
	switch {
	case err != nil:
		return err
	case one != nil && len(s.list()) > 1:
		return failed("%s is one instance of %s: delete that, or scale it", name, s.name)
	}
	if err := m.Stop(ctx, s.name); err != nil {
		return err
	}
	server := m.server.Load()
	if server == nil {
		return failed("the server has not started yet")
	}
	if err := server.RemoveProgram(s.name); err != nil {
		return failed("%v", err)
	}
	return nil
}

// Add serves another program, whose Lifetime is one of this Manager, and starts it.
func (m *Manager) Add(ctx context.Context, p libwebsocketd.Program) error {
	server := m.server.Load()
	if server == nil {
		return failed("the server has not started yet")
	}
	if m.serves(p.Name) {
		return &Error{CodeExists, fmt.Sprintf("there is a program %q", p.Name)}
	}
	if _, one, _ := m.find(p.Name); one != nil && one.info().Name == p.Name {
		return &Error{CodeExists, fmt.Sprintf("there is an instance %q", p.Name)}
	}
	if err := m.checkAdded(p); err != nil {
		return &Error{CodeInvalid, err.Error()}
	}
	if err := server.AddProgram(p); err != nil {
		return &Error{CodeInvalid, err.Error()}
	}
	s, _, err := m.find(p.Name)
	if err != nil {
		return err
	}
	return s.await(ctx, s.list())
}

// serves reports whether there is a program of that name.
func (m *Manager) serves(name string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.services[name] != nil
}

// Scale changes how many instances a program has, until the next start of the server.
func (m *Manager) Scale(ctx context.Context, name string, instances int) error {
	s, one, err := m.find(name)
	switch {
	case err != nil:
		return err
	case one != nil && len(s.list()) > 1:
		return failed("%s is one instance of %s: scale that", name, s.name)
	case instances < 1 || instances > MostInstances:
		return failed("there may be 1 to %d instances", MostInstances)
	}
	for index := range instances {
		if instance := nameOf(s.name, index, instances); instance != s.name && m.serves(instance) {
			return failed("%s is another program: %s cannot have an instance of that name", instance, s.name)
		}
	}
	if err := s.take(ctx); err != nil {
		return err
	}
	defer s.release()
	return s.newest().scale(ctx, instances)
}
