package manager

import (
	"context"
	"fmt"
	"os"
	"time"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/shared"
)

var _ libwebsocketd.Mover = (*service)(nil)

// handedInstance is an instance on its way from one server to another.
type handedInstance struct {
	ID, Index int
	Of        int // how many there are
	Created   time.Time
	Status    Status
	Restarts  int
	Row       int
	Exit      *int
	Why       string
	Paused    bool
	First     bool
	Completed bool
	Waits     bool // for another program: it is begun anew
	Tail      []handedLines
	Settings  string         // what its process was started with
	Run       *handedRun     // nil: there is no process
	Hub       *shared.Handed // nil: it does not live
}

// handedRun is its process.
type handedRun struct {
	Port   int
	Began  time.Time
	Ready  bool
	Told   bool
	Notify string // the path of the socket for sd_notify; "" is none
	Status string // that came by it
}

// handedLines are lines of its tail.
type handedLines struct {
	At     time.Time
	Stream Stream
	Lines  []byte
}

// settings identifies what a process is started with: another one takes its place where that differs.
func (s *service) settings() string {
	p := s.runtime.Program()
	return fmt.Sprintf("%q %q %q %q %q %q", p.Command, p.WorkDir, p.Env, p.PassEnv, p.User, p.Group)
}

// pass returns what is handed over of an instance; hub is nil where it does not live.
func (i *instance) pass(hub *shared.Handed) any {
	of := len(i.fleet.list())
	i.mu.Lock()
	defer i.mu.Unlock()
	to := handedInstance{
		ID: i.id, Index: i.index, Of: of, Created: i.created, Status: i.status, Restarts: i.restarts, Row: i.row, Exit: i.exit, Why: i.why,
		Paused: i.paused, First: i.first, Completed: i.completed, Tail: i.tail.pass(), Hub: hub,
		Waits: hub == nil && i.isUpLocked(),
	}
	if r := i.run; r != nil && hub != nil && hub.Process != nil {
		to.Settings = r.service.settings()
		to.Run = &handedRun{Port: r.port, Began: r.began, Ready: isClosed(r.ready), Told: r.told}
		if r.notify != nil {
			to.Run.Notify, to.Run.Status = r.notify.path, r.notify.Status()
		}
	}
	return to
}

// pass returns the lines that are kept.
func (t *tail) pass() (all []handedLines) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, p := range t.kept {
		all = append(all, handedLines{p.at, p.stream, p.lines})
	}
	return all
}

// Lift implements libwebsocketd.Mover.
func (s *service) Lift(ctx context.Context) (all []libwebsocketd.Handed, settle func(taken bool), err error) {
	if err := s.take(ctx); err != nil {
		return nil, nil, err
	}
	var hubs []*shared.Hub
	for _, i := range s.list() {
		hub := i.hub()
		if i.isUp() && hub != nil {
			hubs = append(hubs, hub)
		} else {
			handed, err := libwebsocketd.NewHanded(i.pass(nil))
			if err != nil {
				s.release()
				return nil, nil, err
			}
			all = append(all, handed)
		}
	}
	lifted, settleHubs, err := shared.LiftAll(ctx, s.runtime, hubs)
	if err != nil {
		s.release()
		return nil, nil, err
	}
	return append(all, lifted...), func(taken bool) {
		defer s.release()
		if !taken {
			settleHubs(false)
			return
		}
		for _, i := range s.list() {
			i.part()
		}
		settleHubs(true)
		s.Retire()
	}, nil
}

// part ends what attends to the process of an instance that another server goes on with: it is not
// this one's any more, and its files stay. A check may have found just now that it is to end.
func (i *instance) part() {
	i.mu.Lock()
	r := i.run
	if r != nil && i.life.hub.IsStill() {
		r.ended = "another server goes on with it" // nothing is told of it, and nothing ends it
	} else {
		r = nil
	}
	i.mu.Unlock()
	if r != nil {
		r.pidFile = ""
		r.notify.leave()
		r.tap.close()
	}
}

// passNotify returns the socket for sd_notify of the process, nil if it has none.
func (i *instance) passNotify() (*os.File, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.run == nil || i.run.notify == nil {
		return nil, nil
	}
	return i.run.notify.conn.File()
}
