package control

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/hub"
	"websocketd/libwebsocketd/session"
)

// Options are the settings of a Control.
type Options struct {
	Name     string            // of the program that is the Config's own
	Sessions *session.Registry // of the sessions; nil: there are none
	Log      *slog.Logger
}

// Control is the management of one Server. Its methods may be called concurrently. It is the
// Observer of the Server's Config.
type Control struct {
	Options
	hub    *hub.Hub
	server atomic.Pointer[libwebsocketd.Server] // nil before Steer

	routes   http.ServeMux
	policies map[string]policy // by pattern

	running sync.WaitGroup // the hub
	stop    context.CancelFunc

	mu     sync.Mutex
	inputs map[string]*input // by process ID
}

// New returns a Control, whose hub runs until Close.
func New(o Options) *Control {
	o.Name = cmp.Or(o.Name, "program")
	c := &Control{Options: o, policies: map[string]policy{}, inputs: map[string]*input{}}
	c.hub = hub.New(hub.Options{Log: o.Log})
	ctx, cancel := context.WithCancel(context.Background())
	c.stop = cancel
	c.running.Go(func() { c.hub.Run(ctx) })
	c.addRoutes()
	return c
}

// Steer names the Server that is managed.
func (c *Control) Steer(s *libwebsocketd.Server) { c.server.Store(s) }

// Close closes every client of the hub with 1001, and returns when they are gone.
func (c *Control) Close() {
	c.stop()
	c.running.Wait()
}
