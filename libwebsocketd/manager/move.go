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
	Due       time.Time // when Every starts its program again
	Waits     bool      // for another program, or is just being begun: it is begun anew
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
	due := i.fleet.isDue()
	i.mu.Lock()
	defer i.mu.Unlock()
	to := handedInstance{
		ID: i.id, Index: i.index, Of: of, Created: i.created, Status: i.status, Restarts: i.restarts, Row: i.row, Exit: i.exit, Why: i.why,
		Paused: i.paused, First: i.first, Completed: i.completed, Tail: i.tail.pass(), Hub: hub, Due: due,
	}
	if l := i.life; i.isUpLocked() && l.ends() {
		to.Status, to.Why = l.outcome(i.why)
	} else {
		to.Waits = (hub == nil || hub.Over) && i.isUpLocked() // Over: it is another life than that of the hub
	}
	if r := i.run; r != nil && hub != nil && hub.Process != nil {
		hub.Changed = hub.Changed || i.asked
		to.Settings = r.service.settings()
		to.Run = &handedRun{Port: r.port, Began: r.began, Ready: r.isReady(), Told: r.told}
		if r.notify != nil {
			to.Run.Notify, to.Run.Status = r.notify.path, r.notify.Status()
		}
	}
	return to
}

// isDue returns when Every starts the program again.
func (f *fleet) isDue() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.due
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

// Lift implements libwebsocketd.Mover. Every instance is handed over, also what is stopped or is to end:
// the other server starts what it does not know.
func (s *service) Lift(ctx context.Context) (all []libwebsocketd.Handed, settle func(taken bool), err error) {
	if err := s.take(ctx); err != nil {
		return nil, nil, err
	}
	s.stand() // before the look at who has a hub
	all, settleAll, err := libwebsocketd.LiftEach(s.list(), func(i *instance) (libwebsocketd.Handed, func(taken bool), error) { return s.lift(ctx, i) })
	if err != nil {
		s.goOn()
		return nil, nil, err
	}
	return all, func(taken bool) {
		defer s.goOn()
		if taken {
			s.manager.handed.Store(true) // first: it is the answer to whoever has waited
		}
		settleAll(taken)
		if taken {
			s.Retire()
		}
	}, nil
}

// lift makes an instance stand still. One without a hub, or whose hub is not handed over because it
// ends, is handed over as what it is then.
func (s *service) lift(ctx context.Context, i *instance) (to libwebsocketd.Handed, settle func(taken bool), err error) {
	if hub := i.hub(); hub != nil && i.isUp() {
		all, settleHub, err := shared.LiftAll(ctx, s.runtime, []*shared.Hub{hub})
		switch {
		case err != nil:
			return to, nil, err
		case len(all) > 0:
			return all[0], func(taken bool) {
				if taken {
					i.part()
				}
				settleHub(taken)
			}, nil
		}
	}
	to, err = libwebsocketd.NewHanded(i.pass(nil))
	return to, func(bool) {}, err
}

// stand keeps lives that have no hub yet from getting one, until goOn: the other server begins them.
func (f *fleet) stand() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.still = make(chan struct{})
}

// standing returns a channel that is closed when it is settled whether another server goes on with the
// program, nil if none is about to.
func (f *fleet) standing() <-chan struct{} {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.still
}

// goOn ends stand, what passNotify has begun, and the turn of Lift.
func (s *service) goOn() {
	for _, i := range s.list() {
		i.mu.Lock()
		if r := i.run; r != nil {
			r.notify.resume()
		}
		i.mu.Unlock()
	}
	s.mu.Lock()
	close(s.still)
	s.still = nil
	s.mu.Unlock()
	s.release()
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

// passNotify returns the socket for sd_notify of the process, nil if it has none. This server hears nothing
// more of it, until goOn.
func (i *instance) passNotify() (*os.File, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.run == nil || i.run.notify == nil {
		return nil, nil
	}
	i.run.notify.pause()
	return i.run.notify.conn.File()
}
