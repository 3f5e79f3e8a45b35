package manager

import (
	"context"
	"net/http"
	"strconv"
	"sync"
	"time"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/gate"
	"websocketd/libwebsocketd/process"
)

// run is one process of an instance.
type run struct {
	*tap
	instance *instance
	service  *service // whose settings it has
	endpoint child
	pid      int
	port     int
	pidFile  string // "" is none
	began    time.Time
	replaces bool // it takes the place of another one when it is ready

	line   *lineWatch    // what of its output says that it is ready; nil: nothing does
	notify *notifySocket // nil without one

	once   sync.Once
	ready  chan struct{} // closed when it is ready
	placed chan struct{} // closed when it is the process of its instance
	gaveUp chan struct{} // closed when it is given up before it is ready: whoever waits for it ends it

	// Guarded by instance.mu.
	ended string // why we have ended it; "": we have not
	told  bool   // that it is online
}

// child is a process as a run needs it.
type child interface {
	libwebsocketd.Endpoint
	Pid() int
	Exited() <-chan struct{} // closed when it has exited, whoever reads its output
	CloseBy(process.Ladder) error
}

// startChild starts a process. Tests replace it.
func startChild(runtime *libwebsocketd.Runtime, o libwebsocketd.Start) (child, *gate.Refusal) {
	endpoint, refusal := runtime.StartFor(o)
	if refusal != nil {
		return nil, refusal
	}
	return endpoint, nil
}

// launch starts the process of the instance, for its hub.
func (i *instance) launch() (libwebsocketd.Endpoint, *gate.Refusal) {
	r, refusal := i.start(false)
	if refusal != nil {
		return nil, refusal
	}
	close(r.placed)
	i.mu.Lock()
	l := i.life
	i.run, i.health = r, HealthUnknown
	if r.service == i.service {
		l.hub.Forget() // who has asked for a restart meanwhile gets this process
	} else {
		i.asked = true // other settings have come meanwhile: they count for the next one, which follows at once
		l.hub.Restart()
	}
	if l.ctx.Err() == nil {
		i.set(Starting)
	}
	i.manager.stir() // it has started
	i.mu.Unlock()
	r.begin(l)
	return r.endpoint, nil
}

// start starts a process with the settings of the instance's service.
func (i *instance) start(replaces bool) (*run, *gate.Refusal) {
	i.mu.Lock()
	s, name := i.service, i.name
	i.mu.Unlock()
	port, err := i.manager.claimPort(s.app.Ports, i.index)
	if err != nil {
		return nil, &gate.Refusal{Status: http.StatusServiceUnavailable, Kind: gate.KindNoProcess, Reason: err.Error()}
	}
	r := &run{instance: i, service: s, port: port, replaces: replaces, ready: make(chan struct{}), placed: make(chan struct{}), gaveUp: make(chan struct{})}
	r.tap = newTap(r, name)
	if r.files, err = i.openOutputs(s); err == nil {
		err = r.prepareReady()
	}
	if err != nil {
		r.tap.close()
		return nil, &gate.Refusal{Status: http.StatusServiceUnavailable, Kind: gate.KindNoProcess, Reason: err.Error()}
	}
	own, _ := s.runtime.Own()
	endpoint, refusal := i.manager.startChild(s.runtime, libwebsocketd.Start{
		Target: own, Free: true, Env: r.environment(), History: s.app.History, Send: i.send, Tap: r.tap,
		Ladder: s.app.ladder(),
	})
	if refusal != nil {
		r.tap.close()
		r.notify.Close()
		return nil, refusal
	}
	r.endpoint, r.pid, r.began = endpoint, endpoint.Pid(), time.Now()
	r.writePid()
	s.say(libwebsocketd.LevelAccess, "START", "instance", name, "pid", r.pid)
	return r, nil
}

// ladder returns how a process of the program is ended.
func (a *App) ladder() process.Ladder {
	return process.Ladder{{Do: process.Terminate, Wait: a.KillTimeout}, {Do: process.Kill}}
}

// environment returns the variables of the process, besides those of its program.
func (r *run) environment() []string {
	index := strconv.Itoa(r.instance.index)
	env := []string{"PM2_INSTANCE_ID=" + index, "NODE_APP_INSTANCE=" + index}
	if r.port > 0 {
		env = append(env, "PORT="+strconv.Itoa(r.port))
	}
	if r.notify != nil {
		env = append(env, "NOTIFY_SOCKET="+r.notify.path)
	}
	return env
}

// send sends messages to the process in turn with those of its viewers.
func (i *instance) send(ctx context.Context, batch ...libwebsocketd.Message) error {
	hub := i.hub()
	if hub == nil {
		return failed("there is no process")
	}
	return hub.SendUntil(ctx, batch...)
}

// begin attends to the process, in a goroutine that ends when it has exited.
func (r *run) begin(l *life) {
	if r.service.app.Ready == nil {
		r.becomesReady() // before anything else can happen to it
	}
	r.goAttend(l)
}

// goAttend attends to the process in a goroutine that the life waits for.
func (r *run) goAttend(l *life) {
	l.work.Add(1)
	r.service.runtime.Go(func() {
		defer l.work.Done()
		r.attend()
	})
}

// attend waits until the process is ready, and then looks after it until it has exited.
func (r *run) attend() {
	defer r.notify.Close()
	defer r.removePid()
	ctx, cancel := context.WithCancel(context.Background())
	var looks sync.WaitGroup
	defer looks.Wait()
	defer cancel()
	looks.Go(func() {
		if r.awaitReady(ctx) {
			r.becomesReady()
			r.followHealth(ctx)
		}
	})
	if limit := r.service.app.MaxMemory; limit > 0 {
		looks.Go(func() { followMemory(ctx, limit, r.memory, r.exceeds) })
	}
	<-r.exited
}

// becomesReady makes the instance online. Where the process is to take the place of another, it
// returns when it has done so, or has ended.
func (r *run) becomesReady() {
	r.once.Do(func() { close(r.ready) })
	select {
	case <-r.placed:
	case <-r.exited:
		if !isClosed(r.placed) {
			return
		}
	}
	r.instance.online(r)
}

// online makes the instance online by a process that is ready, also while another one is to take
// its place.
func (i *instance) online(r *run) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.onlineLocked(r)
}

func (i *instance) onlineLocked(r *run) {
	if i.run != r || r.told || r.ended != "" || i.asked || i.life.ends() {
		return
	}
	name := EventRestarted
	if i.first {
		name, i.first = EventStarted, false
	}
	i.why, r.told = "", true
	i.tally.online++
	i.set(Online)
	i.manager.stir()
	i.tell(Lifecycle{Name: name, Pid: r.pid, Took: time.Since(r.began)})
}

// fail ends the process by the ladder because of what a check has found: the rule of restarts
// follows. event is told. Of a process that is to take the place of another, and is not ready yet,
// nothing is told: the reload fails, and ends it. It must not be waited for here: its output is not
// read any more when it has written as much as is kept.
func (r *run) fail(event EventName, why string) {
	i := r.instance
	i.mu.Lock()
	own, next := i.run == r && !i.asked, r.replaces && !isClosed(r.ready)
	is := (own || next) && r.ended == "" && i.life.ctx.Err() == nil
	if is {
		r.ended = why
	}
	if is && own {
		i.tell(Lifecycle{Name: event, Pid: r.pid, Details: why})
		if r.service.app.NoRestart {
			i.set(Stopping)
		} else {
			i.set(Restarting)
		}
	}
	i.mu.Unlock()
	if !is {
		return
	}
	r.service.say(libwebsocketd.LevelError, "FAILED", "pid", r.pid, "why", why)
	if own {
		r.endpoint.CloseBy(r.service.app.ladder())
	} else {
		close(r.gaveUp)
	}
}
