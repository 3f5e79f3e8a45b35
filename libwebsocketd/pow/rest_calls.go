package pow

import (
	"context"
	"sync"
	"time"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/gate"
	"websocketd/libwebsocketd/logging"
	"websocketd/libwebsocketd/session"
)

// looks is how many times in its expiry a call is looked at. Its time is counted in looks, so
// that our own lateness is not taken for the client's.
const looks = 60

// calls are those over HTTP. While there are any, a goroutine looks at them.
type calls struct {
	places *session.Registry
	expiry time.Duration

	moving sync.RWMutex // held while calls stand still; read while one is changed

	mu       sync.Mutex
	all      map[string]*restCall
	watched  bool
	departed bool // another server goes on with them
}

func newCalls(places *session.Registry, expiry time.Duration) *calls {
	t := &calls{places: places, expiry: expiry, all: map[string]*restCall{}}
	places.Yield(t.dropDone)
	return t
}

// dropDone forgets the call that is done and nobody has asked about for the longest time, and
// reports whether there was one. A call or a session, which wants its place, has it then. One
// that is being asked about is the last to go: its client may have read the answer already,
// and want the place, before the request counts as answered.
func (t *calls) dropDone() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	var oldest *restCall
	for _, c := range t.all {
		if (oldest == nil || c.rest() > oldest.rest()) && c.isDone() {
			oldest = c
		}
	}
	if oldest != nil {
		t.forgetLocked(oldest)
	}
	return oldest != nil
}

// rest returns how long nobody has asked about the call, in looks; -1 while somebody does.
func (c *restCall) rest() int {
	if c.busy > 0 {
		return -1
	}
	return c.idle
}

func (t *calls) forgetLocked(c *restCall) {
	delete(t.all, c.id)
	c.release()
}

// add adds a call, which req has begun.
func (t *calls) add(req *libwebsocketd.Request, c *restCall) {
	t.mu.Lock()
	defer t.mu.Unlock()
	c.calls = t
	t.all[c.id] = c
	if !t.watched {
		t.watched = true
		req.Go(func() { t.watch(req.Context()) })
	}
}

// enter returns the call of a user with an id, which does not expire before leave; nil if
// there is none. It refuses who asks for one with which another server goes on.
func (t *calls) enter(id, user string) (*restCall, *gate.Refusal) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.departed {
		return nil, gate.HandedOver
	}
	c := t.all[id]
	if c == nil || c.user != user {
		return nil, nil
	}
	c.busy++
	return c, nil
}

// change calls f, which changes a call, or begins one. While the calls stand still it waits; when
// another server has gone on with them it refuses.
func (t *calls) change(f func()) *gate.Refusal {
	t.moving.RLock()
	defer t.moving.RUnlock()
	t.mu.Lock()
	departed := t.departed
	t.mu.Unlock()
	if departed {
		return gate.HandedOver
	}
	f()
	return nil
}

func (t *calls) leave(c *restCall) {
	t.mu.Lock()
	defer t.mu.Unlock()
	c.busy--
	c.idle = 0
}

// watch looks at the calls until there are none. When the server goes away, all of them end.
func (t *calls) watch(going context.Context) {
	tick := time.NewTicker(t.expiry / looks)
	defer tick.Stop()
	for more := true; more; {
		select {
		case <-tick.C:
			more = t.look()
		case <-going.Done():
			more = t.endAll()
		}
	}
}

// look forgets every call that nobody has asked for in its time, and reports whether there
// are others.
func (t *calls) look() (more bool) {
	t.moving.RLock()
	defer t.moving.RUnlock()
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, c := range t.all {
		if c.busy > 0 {
			continue
		}
		if c.idle++; c.idle > looks { // the first look is early
			logging.At(c.log, logging.LevelAccess, "pow", "EXPIRED: nobody has asked for it for "+t.expiry.String())
			c.leave(errTimeout)
			t.forgetLocked(c)
		}
	}
	t.watched = len(t.all) > 0
	return t.watched
}

// endAll cancels every call, and forgets it.
func (t *calls) endAll() (more bool) {
	t.moving.RLock()
	defer t.moving.RUnlock()
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, c := range t.all {
		c.leave(bridge.ErrGoingAway)
		t.forgetLocked(c)
	}
	t.watched = false
	return false
}
