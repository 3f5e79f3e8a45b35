package hub

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/gate"
)

// forgetAfter is how long a channel without subscribers is kept after its last message.
const forgetAfter = 10 * time.Minute

// lookInterval is the time between two looks at the clients that are being written to, and at
// what is too old.
const lookInterval = time.Second

// Hub is a hub of channels. Its methods may be called concurrently. Run must be called once.
type Hub struct {
	Options
	slowClients
	all       *Channel // what every client gets
	recent    recent
	held      atomic.Int64 // bytes that all channels keep
	posted    atomic.Int64 // bytes that wait for clients, see Client.Post
	answering atomic.Int64 // bytes of answers to long-polls that are being written
	moved     atomic.Bool  // another Hub goes on with the channels
	memory    *gate.Budget // of clients' messages that have not come whole

	dispatching sync.Mutex
	dirty       []*Channel // to be dispatched
	stirred     chan struct{}

	serving sync.WaitGroup // of clients
	cutting sync.WaitGroup // of clients that are cut; only Run adds to it

	begun chan struct{} // closed when Run has begun

	mu       sync.Mutex
	running  context.Context // nil before Run, and done after it
	channels map[string]*Channel
	clients  map[*Client]struct{}
	came     uint64 // how many clients have come
	seats    int    // taken by clients, and by requests that may become some
	subs     int    // of all clients, but for those to what all get
}

// New returns a Hub.
func New(o Options) *Hub {
	o.withDefaults()
	h := &Hub{Options: o, stirred: make(chan struct{}, 1), begun: make(chan struct{}), channels: map[string]*Channel{}, clients: map[*Client]struct{}{}}
	h.memory = gate.NewBudget(int64(max(o.MaxBytes, 0)))
	h.all = h.newChannel("", o.Limits)
	return h
}

// Run serves until ctx is done. Then it sends every client what was published, closes it with
// 1001, or 1012 if another Hub goes on (Lift), and returns when all are gone. What was published before Run is delivered to those who
// subscribe; what is published after it succeeds, and nobody gets it. A second call returns an
// error.
func (h *Hub) Run(ctx context.Context) error {
	going, stop := context.WithCancelCause(context.WithoutCancel(ctx))
	defer stop(nil)
	if !h.start(going) {
		return errors.New("hub: Run was called before")
	}
	tick := time.NewTicker(lookInterval)
	defer tick.Stop()
	for ctx.Err() == nil {
		select {
		case <-h.stirred:
			for _, ch := range h.takeDirty() {
				ch.dispatch()
			}
		case <-tick.C:
			h.look(h.WriteTimeout)
			h.forget(time.Now())
		case <-ctx.Done():
		}
	}
	for _, ch := range h.takeDirty() {
		ch.dispatch()
	}
	h.closeAll(stop)
	h.awaitAll(tick)
	if h.moved.Load() {
		h.forgetAll()
	}
	return nil
}

// Running returns a channel that is closed when Run has begun: from then on clients are let in.
func (h *Hub) Running() <-chan struct{} { return h.begun }

// start makes going the context in which the Hub runs, and reports whether that is the first.
func (h *Hub) start(going context.Context) (first bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.running != nil {
		return false
	}
	h.running = going
	close(h.begun)
	return true
}

// closeAll ends all conversations, and sees to it that none begins.
func (h *Hub) closeAll(stop context.CancelCauseFunc) {
	h.mu.Lock()
	defer h.mu.Unlock()
	var why error = bridge.ErrGoingAway
	if h.moved.Load() {
		why = errMoved
	}
	for c := range h.clients {
		c.cancel(why)
	}
	stop(bridge.ErrGoingAway)
}

// awaitAll returns when all clients are gone. Those that take nothing are cut soon.
func (h *Hub) awaitAll(tick *time.Ticker) {
	defer h.cutting.Wait()
	gone := make(chan struct{})
	go func() {
		h.serving.Wait()
		close(gone)
	}()
	for {
		select {
		case <-gone:
			return
		case <-tick.C:
			h.look(lookInterval)
		}
	}
}

// dispatchSoon adds a channel to those that Run dispatches.
func (h *Hub) dispatchSoon(ch *Channel) {
	h.dispatching.Lock()
	h.dirty = append(h.dirty, ch)
	h.dispatching.Unlock()
	select {
	case h.stirred <- struct{}{}:
	default:
	}
}

func (h *Hub) takeDirty() []*Channel {
	h.dispatching.Lock()
	defer h.dispatching.Unlock()
	dirty := h.dirty
	h.dirty = nil
	return dirty
}

// reserve takes a seat for a client, and returns the context in which the Hub runs. The
// caller must call release.
func (h *Hub) reserve() (going context.Context, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.running == nil || h.running.Err() != nil {
		return nil, ErrNotRunning
	}
	if h.seats >= h.MaxClients {
		return nil, ErrTooManyPeers
	}
	h.seats++
	return h.running, nil
}

func (h *Hub) release() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.seats--
}

// Serve holds the conversation with a client that comes by any link, and returns when it is
// over. The client may do what one of the Handler may. Serve closes the link. It returns
// ErrNotRunning if Run does not run, and ErrTooManyPeers if there are too many clients.
func (h *Hub) Serve(link bridge.Listener, who Identity, remote string) error {
	if _, err := h.reserve(); err != nil {
		turnAway(link, err)
		return err
	}
	defer h.release()
	c := h.newClient(link, who, remote)
	if !h.add(c) {
		turnAway(link, ErrNotRunning)
		return ErrNotRunning
	}
	h.hold(c)
	return nil
}

// turnAway closes a client that was not added.
func turnAway(link bridge.Listener, err error) {
	cause := bridge.ErrGoingAway
	if err == ErrTooManyPeers {
		cause = &bridge.CloseWith{Code: bridge.CloseTryAgainLater, Reason: err.Error()}
	}
	link.CloseSend(cause)
	link.Close()
}

// add adds a client. It returns false if the Hub does not run. The caller must call hold.
func (h *Hub) add(c *Client) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.running == nil || h.running.Err() != nil {
		return false
	}
	h.came++
	c.ID = h.came
	h.clients[c] = struct{}{}
	h.serving.Add(1)
	if !c.one {
		c.subs[h.all] = h.all.subscribe(c, nil)
	}
	return true
}

// hold holds the conversation with a client that was added.
func (h *Hub) hold(c *Client) {
	defer h.serving.Done()
	c.serve()
	h.remove(c)
	if h.Disconnected != nil {
		h.tell("Disconnected", func() { h.Disconnected(c) })
	}
}

// remove removes a client, and its subscriptions.
func (h *Hub) remove(c *Client) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.clients, c)
	for ch, s := range c.subs {
		ch.leave(s)
		if ch != h.all {
			h.subs--
		}
	}
	c.subs = nil
}
