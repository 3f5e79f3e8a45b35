package shared

import (
	"context"
	"net/http"
	"sync"
	"time"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/gate"
)

// lease is how long a process is kept, and its ending known, for a client that
// comes back for more.
const lease = 30 * time.Second

// supervisor has the hubs of one program, one for each URL that has viewers.
type supervisor struct {
	host   *libwebsocketd.Runtime
	life   Lifetime
	shelf  *shelf
	files  *files             // nil without Watch
	ctx    context.Context    // of the files: done when the server is going away, or nothing is kept any more
	cancel context.CancelFunc // of ctx

	mu      sync.Mutex
	hubs    map[string]*hub
	retired bool
}

// Serve begins to serve host's program: at once, if StartEager says so.
func (l Lifetime) Serve(host *libwebsocketd.Runtime) libwebsocketd.Supervisor {
	k := &supervisor{host: host, life: l.complete(), hubs: map[string]*hub{}}
	k.shelf = newShelf(host.MaxForks(), k.life.History+k.life.KeepFirst)
	k.ctx, k.cancel = context.WithCancel(host.Context())
	if l.Watch {
		var release func()
		k.files, release = watchFiles(host.Log())
		host.Go(func() {
			defer release()
			<-k.ctx.Done()
		})
	}
	if own, ok := host.Own(); ok && k.life.Start == StartEager {
		host.Go(func() { k.startEager(own) })
	}
	return k
}

// startEager starts the process that is there before anybody asks. When that fails
// the first viewer tries again.
func (k *supervisor) startEager(own libwebsocketd.Target) {
	k.mu.Lock()
	if k.retired || k.hubs[key(own)] != nil {
		k.mu.Unlock()
		return
	}
	h := k.newHub(own)
	k.mu.Unlock()
	k.begin(h, func() {})
}

// key tells the URLs of a program apart; the query is not part of it.
func key(at libwebsocketd.Target) string { return at.ScriptName + "\x00" + at.PathInfo }

// Open makes call a viewer of the URL's process, which is started if need be.
func (k *supervisor) Open(call *libwebsocketd.Attach) (libwebsocketd.Endpoint, *gate.Refusal) {
	if call.SendOnly && k.life.Input != InputAll {
		return nil, &gate.Refusal{Status: http.StatusForbidden, Reason: "this program takes no messages from here (see --input)"}
	}
	from, refusal := readStart(call.Request)
	if refusal != nil {
		return nil, refusal
	}
	for {
		h, sub, refusal := k.find(call, from)
		if refusal != nil || sub != nil {
			return endpoint(sub), refusal
		}
		select {
		case <-h.settled(): // it is being started, or ended
		case <-call.Request.Context().Done():
			return nil, &gate.Refusal{Status: http.StatusServiceUnavailable, Reason: "the client has left"}
		case <-k.host.Context().Done():
			return nil, gate.GoingAway
		}
	}
}

// endpoint keeps a nil *Subscription from becoming an Endpoint that is not nil.
func endpoint(sub *Subscription) libwebsocketd.Endpoint {
	if sub == nil {
		return nil
	}
	return sub
}

// find attaches call to the hub of its URL, or to a new one. Without a viewer and a
// refusal the hub is to be waited for.
func (k *supervisor) find(call *libwebsocketd.Attach, from start) (*hub, *Subscription, *gate.Refusal) {
	k.mu.Lock()
	h := k.hubs[key(call.Target)]
	if h == nil || h.isOver() && !(from.resumes() && !call.SendOnly) {
		if from.resumes() || !call.MayStart {
			k.mu.Unlock()
			return nil, nil, from.nothingThere()
		}
		h = k.newHub(call.Target)
		k.mu.Unlock()
		var sub *Subscription
		refusal := k.begin(h, func() { sub, _ = h.attach(call, from) })
		return h, sub, refusal
	}
	k.mu.Unlock()
	sub, refusal := h.attach(call, from)
	return h, sub, refusal
}

// newHub makes the hub of a URL; k.mu is held.
func (k *supervisor) newHub(at libwebsocketd.Target) *hub {
	own, known := k.host.Own()
	h := newHub(k.host.Context(), k.life, k.shelf, !k.retired && known && k.life.Start == StartEager && key(own) == key(at), strict(k.host.Program()), k.host.Program().Pieces())
	h.log = k.host.Log().With("url", urlOf(at))
	h.start = func() (libwebsocketd.Endpoint, *gate.Refusal) {
		program, refusal := k.host.Start(at)
		if refusal != nil {
			return nil, refusal
		}
		h.say(libwebsocketd.LevelAccess, "START", "pid", program.Pid())
		return program, nil
	}
	h.ended = k.host.Ended()
	h.gone = func() { k.forget(at, h) }
	if k.files != nil {
		k.files.add(h, filesOf(at.Command(), k.host.Program().WorkDir))
	}
	k.hubs[key(at)] = h
	return h
}

// urlOf is a place as the log names it.
func urlOf(at libwebsocketd.Target) string {
	if at.ScriptName == "/" {
		return at.PathInfo
	}
	return at.ScriptName + at.PathInfo
}

// begin starts the first process of a hub, with a viewer if join makes one.
func (k *supervisor) begin(h *hub, join func()) *gate.Refusal {
	program, refusal := h.start()
	if refusal != nil {
		h.fail()
		return refusal
	}
	h.open()
	join()
	k.host.Go(func() { h.run(program) })
	return nil
}

// forget is told of a hub that nobody can be attached to any more.
func (k *supervisor) forget(at libwebsocketd.Target, h *hub) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.files != nil {
		k.files.remove(h)
	}
	if k.hubs[key(at)] == h {
		delete(k.hubs, key(at))
	}
	if k.retired && len(k.hubs) == 0 {
		k.cancel()
	}
}

// Retire lets every process go when its last viewer has left.
func (k *supervisor) Retire() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.retired = true
	for _, h := range k.hubs {
		h.retire()
	}
	if len(k.hubs) == 0 {
		k.cancel()
	}
}

// strict reports whether clients take every message for the program's, so that no
// note may stand between them.
func strict(p *libwebsocketd.Program) bool {
	return !p.Lines() || p.Stderr == libwebsocketd.StderrTag
}
