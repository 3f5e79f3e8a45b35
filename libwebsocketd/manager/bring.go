package manager

import (
	"errors"
	"net"
	"os"
	"path/filepath"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/shared"
)

// TakeOver implements libwebsocketd.Mover.
func (s *service) TakeOver(from libwebsocketd.Handed) (begin func(), err error) {
	var v handedInstance
	if err := from.Decode(&v); err != nil {
		return nil, err
	}
	return func() { s.bring(&v, &from) }, nil
}

// bring goes on with an instance of another server.
func (s *service) bring(v *handedInstance, from *libwebsocketd.Handed) {
	i := s.place(v)
	switch {
	case v.Waits:
		i.begin()
	case v.Hub != nil:
		i.bringHub(s, v, from)
	}
}

// place returns the instance with what is known of it.
func (s *service) place(v *handedInstance) *instance {
	s.grow(max(v.Of, v.Index+1)) // all at once: names and files of instances depend on how many there are
	i := s.list()[v.Index]
	s.mu.Lock()
	if s.due.IsZero() || !v.Due.IsZero() && v.Due.Before(s.due) { // an instance may have been handed over after the time of others
		s.due = v.Due
	}
	s.mu.Unlock()
	m := s.manager
	m.mu.Lock()
	m.nextID = max(m.nextID, v.ID+1)
	m.mu.Unlock()
	i.mu.Lock()
	defer i.mu.Unlock()
	i.id, i.created = v.ID, v.Created
	i.restarts, i.row, i.exit, i.why = v.Restarts, v.Row, v.Exit, v.Why
	i.paused, i.first, i.completed = v.Paused, v.First, v.Completed
	switch {
	case v.Waits:
	case v.Run == nil:
		i.status = v.Status
	case v.Hub.Changed:
		i.status, i.asked = v.Status, true
	case v.Run.Told: // also where a check was just about to end it, which the other server has not done
		i.status = Online
	default:
		i.status = Starting
	}
	i.tail.mu.Lock()
	defer i.tail.mu.Unlock()
	for _, l := range v.Tail {
		i.tail.put(piece{l.At, l.Stream, l.Lines})
	}
	return i
}

// bringHub goes on with the life of the instance.
func (i *instance) bringHub(s *service, v *handedInstance, from *libwebsocketd.Handed) {
	l := newLife()
	i.mu.Lock()
	o := i.hubOptions(s, l)
	o.Continue = func(c *libwebsocketd.Carried, from *libwebsocketd.Handed) (libwebsocketd.Endpoint, error) {
		return i.resume(l, v.Run, v.Settings, c, from)
	}
	l.hub, l.service = shared.Restore(o, v.Hub), s
	if v.Hub.Over {
		l.final = v.Status
	}
	i.life = l
	i.mu.Unlock()
	if !i.manager.spawn(s.runtime, func() {
		defer i.rest(l)
		<-l.hub.Done()
		l.work.Wait()
	}) {
		l.hub.Fail()
		return
	}
	l.hub.Resume(s.runtime, v.Hub, from)
}

// resume goes on with the process of the instance.
func (i *instance) resume(l *life, v *handedRun, settings string, c *libwebsocketd.Carried, from *libwebsocketd.Handed) (libwebsocketd.Endpoint, error) {
	i.mu.Lock()
	s, name := l.service, i.name
	i.mu.Unlock()
	r := &run{instance: i, service: s, pid: c.Pid, port: v.Port, began: v.Began, told: v.Told,
		ready: make(chan struct{}), placed: make(chan struct{}), gaveUp: make(chan struct{})}
	close(r.placed)
	if s.settings() != settings {
		stale := *s
		r.service = &stale // so another process takes its place
	}
	r.tap = newTap(r, name)
	err := r.resumeReady(v, c.Extra(from.Files))
	if err == nil {
		r.files, err = i.openOutputs(s)
	}
	if err != nil {
		s.say(libwebsocketd.LevelError, "taken over, but "+err.Error(), "instance", name)
	}
	i.manager.holdPort(r.port)
	own, _ := s.runtime.Own()
	endpoint, err := s.runtime.Continue(c, from, libwebsocketd.Start{
		Target: own, Free: true, History: s.app.History, Send: i.send, Tap: r.tap, Ladder: s.app.ladder(),
	})
	if err != nil {
		r.tap.close()
		r.notify.Close()
		return nil, err
	}
	r.endpoint = endpoint
	r.writePid()
	i.mu.Lock()
	i.run = r
	i.mu.Unlock()
	r.goAttend(l)
	return endpoint, nil
}

// resumeReady makes what tells that the process is ready, as it was in another server.
func (r *run) resumeReady(v *handedRun, files []*os.File) (err error) {
	if v.Ready {
		r.once.Do(func() { close(r.ready) })
	}
	if ready := r.service.app.Ready; ready != nil && ready.Line != "" {
		r.line = newLineWatch(ready.Line)
	}
	if v.Notify == "" || len(files) == 0 {
		return nil
	}
	r.notify, err = resumeNotify(v.Notify, v.Status, files[0], r.service.runtime.Program().User)
	if err == nil && v.Ready { // else awaitReady does
		r.notify.serve(r.pid)
	}
	return err
}

// resumeNotify returns a socket that another server has made.
func resumeNotify(path, status string, file *os.File, user string) (*notifySocket, error) {
	defer file.Close()
	c, err := net.FilePacketConn(file)
	if err != nil {
		return nil, err
	}
	conn, ok := c.(*net.UnixConn)
	if !ok {
		c.Close()
		return nil, errors.New("what came for sd_notify is no unix socket")
	}
	return &notifySocket{dir: filepath.Dir(path), path: path, user: idOf(user), conn: conn, ready: make(chan struct{}), status: status}, nil
}

// leave lets go of a socket with which another server goes on. There may be none.
func (n *notifySocket) leave() {
	if n != nil {
		n.dir = ""
		n.Close()
	}
}

// holdPort counts a port that an instance has already; 0 is none.
func (m *Manager) holdPort(port int) {
	if port > 0 {
		m.porting.Lock()
		defer m.porting.Unlock()
		m.claims[port]++
	}
}

// beginAll starts what another server has not handed over, and gives what it has handed over the
// settings of the program. It has the first turn.
func (s *service) beginAll() {
	defer s.release()
	defer s.complete()
	ctx := s.runtime.Context()
	if !s.runtime.AwaitBegun() {
		return
	}
	s = s.newest() // another one may have come meanwhile
	wanted := len(s.list()) == 0 || s.isWanted()
	_, err := s.resize(ctx, s.app.Instances, wanted)
	for _, i := range s.list() {
		if err == nil && i.isBehind(s) {
			err = i.reload(ctx, s)
		}
	}
	if err != nil && ctx.Err() == nil {
		s.say(libwebsocketd.LevelError, "not as it is configured: "+err.Error())
	}
}
