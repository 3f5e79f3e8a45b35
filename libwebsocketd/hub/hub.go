package hub

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"time"

	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/record"
)

// Defaults of the Options.
const (
	DefaultBytes      = 1 << 20
	DefaultMaxMessage = 64 << 10
	DefaultMaxSubs    = 1024
	DefaultPing       = 30 * time.Second
)

// forgetAfter is how long a channel without subscribers is kept after its last message.
const forgetAfter = 10 * time.Minute

// Errors of subscriptions.
var (
	ErrTooMany      = errors.New("subscription limit exceeded")
	ErrUnauthorised = errors.New("subscription unauthorised")
	ErrNotRunning   = errors.New("Hub is not running")
)

// Identity is who a client is, as an Authenticator has found out.
type Identity struct {
	User   string // never "" where there is an Authenticator
	Claims any    // what else the Authenticator knows
}

// Options are the settings of a Hub. The zero value lets everyone in.
type Options struct {
	// CheckOrigin reports whether a page may connect; nil: every page may.
	CheckOrigin func(r *http.Request) bool
	// Authenticate returns who a client is; an error refuses the client. nil: nobody needs to
	// say who it is.
	Authenticate func(r *http.Request) (Identity, error)
	// Authorize returns an error if a client may not subscribe to a channel; nil: it may.
	Authorize func(c *Client, channel string) error

	// Connected, Disconnected and Refused are told of clients. They may call the Hub; a panic
	// of theirs is logged. nil: nothing is called.
	Connected, Disconnected func(c *Client)
	Refused                 func(r *http.Request, cause error)

	// Unknown is called with a message of a client that is no request to the Hub, by the
	// goroutine that reads from that client. The message is valid until it returns. nil: such
	// messages are ignored.
	Unknown func(c *Client, message []byte)

	Limits       Limits        // of a channel; Bytes 0 is DefaultBytes
	MaxMessage   int64         // bytes of a client's message; 0 is DefaultMaxMessage
	MaxSubs      int           // channels a client may subscribe to; 0 is DefaultMaxSubs
	PingInterval time.Duration // 0 is DefaultPing, negative no pings and no liveness check
	Log          *slog.Logger  // nil: nothing is logged
}

// Hub is a hub of channels. Its methods may be called concurrently. Run must be called once.
type Hub struct {
	Options
	slowClients
	all    *Channel // what every client gets
	recent recent

	dispatching sync.Mutex
	dirty       []*Channel // to be dispatched
	stirred     chan struct{}

	serving sync.WaitGroup // of clients

	mu       sync.Mutex
	running  context.Context // nil before Run, and done after it
	channels map[string]*Channel
	clients  map[*Client]struct{}
}

// New returns a Hub.
func New(o Options) *Hub {
	o.Limits.Bytes = cmp.Or(o.Limits.Bytes, DefaultBytes)
	o.MaxMessage = cmp.Or(o.MaxMessage, DefaultMaxMessage)
	o.MaxSubs = cmp.Or(o.MaxSubs, DefaultMaxSubs)
	o.PingInterval = cmp.Or(o.PingInterval, DefaultPing)
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	h := &Hub{Options: o, stirred: make(chan struct{}, 1), channels: map[string]*Channel{}, clients: map[*Client]struct{}{}}
	h.all = h.newChannel("", o.Limits)
	return h
}

// Run serves until ctx is done. Then it closes every client with 1001, and returns when all
// are gone. What was published before Run is delivered to those who subscribe. A second call
// returns an error.
func (h *Hub) Run(ctx context.Context) error {
	going, stop := context.WithCancelCause(context.WithoutCancel(ctx))
	defer stop(nil)
	if !h.start(going) {
		return errors.New("hub: Run was called before")
	}
	forget := time.NewTicker(forgetAfter / 10)
	defer forget.Stop()
	for ctx.Err() == nil {
		select {
		case <-h.stirred:
			for _, ch := range h.takeDirty() {
				ch.dispatch()
			}
		case <-forget.C:
			h.forget(time.Now().Add(-forgetAfter))
		case <-ctx.Done():
		}
	}
	h.mu.Lock() // no client is added any more
	stop(bridge.ErrGoingAway)
	h.mu.Unlock()
	h.serving.Wait()
	return nil
}

func (h *Hub) start(going context.Context) (first bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.running != nil {
		return false
	}
	h.running = going
	return true
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

// forget removes channels that have no subscribers, and had no message since a time.
func (h *Hub) forget(since time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for name, ch := range h.channels {
		if ch.count.Load() == 0 && ch.opened == 0 && ch.used.Load() < since.UnixNano() {
			delete(h.channels, name)
		}
	}
}

// Open returns the channel of a name, a new one with these limits if there is none. The channel
// is not forgotten before the caller has called its Close.
func (h *Hub) Open(name string, limits Limits) (*Channel, error) {
	if err := CheckChannel(name); err != nil {
		return nil, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	ch := h.channel(name, limits)
	ch.opened++
	return ch, nil
}

// Close lets the channel be forgotten, when all who have opened it have called Close and its
// time is over.
func (ch *Channel) Close() {
	ch.hub.mu.Lock()
	defer ch.hub.mu.Unlock()
	ch.opened--
}

// channel returns the channel of a name, a new one if there is none; h.mu is held.
func (h *Hub) channel(name string, limits Limits) *Channel {
	ch := h.channels[name]
	if ch == nil {
		limits.Bytes = cmp.Or(limits.Bytes, h.Limits.Bytes)
		limits.Messages = cmp.Or(limits.Messages, h.Limits.Messages)
		limits.Age = cmp.Or(limits.Age, h.Limits.Age)
		ch = h.newChannel(name, limits)
		h.channels[name] = ch
	}
	ch.touch()
	return ch
}

// Subscribe subscribes a client to a channel, from what is published next. Once more means
// nothing.
func (h *Hub) Subscribe(c *Client, name string) error { return h.subscribe(c, name, nil) }

func (h *Hub) subscribe(c *Client, name string, after *record.Position) error {
	if err := CheckChannel(name); err != nil {
		return err
	}
	if h.Authorize != nil && h.Authorize(c, name) != nil {
		return ErrUnauthorised
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	c.mu.Lock()
	defer c.mu.Unlock()
	if old := h.channels[name]; old != nil && c.subs[old] != nil {
		if after == nil {
			return nil
		}
		old.leave(c.subs[old])
		delete(c.subs, old)
	}
	if len(c.subs) > h.MaxSubs { // one is of what all clients get
		return ErrTooMany
	}
	ch := h.channel(name, Limits{})
	s := ch.subscribe(c, after)
	c.subs[ch] = s
	c.queue(s)
	return nil
}

// Unsubscribe ends a client's subscription. Without one it does nothing.
func (h *Hub) Unsubscribe(c *Client, name string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	ch := h.channels[name]
	if ch == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if s := c.subs[ch]; s != nil {
		ch.leave(s)
		delete(c.subs, ch)
	}
}

// add adds a client, which is served in a goroutine of its own. It returns false if the Hub
// does not run.
func (h *Hub) add(c *Client) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.running == nil || h.running.Err() != nil {
		return false
	}
	h.clients[c] = struct{}{}
	c.mu.Lock()
	c.subs[h.all] = h.all.subscribe(c, nil)
	c.mu.Unlock()
	h.serving.Go(func() {
		defer h.remove(c)
		h.tell(h.Connected, c)
		c.serve()
	})
	return true
}

// remove removes a client, and its subscriptions.
func (h *Hub) remove(c *Client) {
	h.mu.Lock()
	delete(h.clients, c)
	c.mu.Lock()
	for ch, s := range c.subs {
		ch.leave(s)
	}
	c.subs = nil
	c.mu.Unlock()
	h.mu.Unlock()
	h.tell(h.Disconnected, c)
}

// tell calls a function of the Options, and logs its panic.
func (h *Hub) tell(f func(*Client), c *Client) {
	if f == nil {
		return
	}
	defer func() {
		if p := recover(); p != nil {
			h.Log.Error("a callback of the hub has panicked", "panic", p)
		}
	}()
	f(c)
}

// Clients returns the clients that are connected, by their addresses.
func (h *Hub) Clients() []*Client {
	h.mu.Lock()
	defer h.mu.Unlock()
	all := make([]*Client, 0, len(h.clients))
	for c := range h.clients {
		all = append(all, c)
	}
	slices.SortFunc(all, func(a, b *Client) int { return cmp.Compare(a.Remote, b.Remote) })
	return all
}

// Channels returns the names of the channels that have subscribers, sorted.
func (h *Hub) Channels() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	var names []string
	for name, ch := range h.channels {
		if ch.count.Load() > 0 {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// Stats counts what there is in a Hub.
type Stats struct {
	Clients     int `json:"clients"`
	Channels    int `json:"channels"`    // that have subscribers
	Subscribers int `json:"subscribers"` // of all channels together
}

// Stats returns what there is now.
func (h *Hub) Stats() Stats {
	h.mu.Lock()
	defer h.mu.Unlock()
	s := Stats{Clients: len(h.clients)}
	for _, ch := range h.channels {
		if n := int(ch.count.Load()); n > 0 {
			s.Channels++
			s.Subscribers += n
		}
	}
	return s
}

// ChannelSubscriberCount returns how many clients are subscribed to a channel.
func (h *Hub) ChannelSubscriberCount(name string) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	if ch := h.channels[name]; ch != nil {
		return int(ch.count.Load())
	}
	return 0
}
