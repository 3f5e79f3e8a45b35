package control

import (
	"cmp"
	"context"
	"io"
	"log"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/gate"
	"websocketd/libwebsocketd/hub"
	"websocketd/libwebsocketd/listen"
	"websocketd/libwebsocketd/manager"
	"websocketd/libwebsocketd/process"
	"websocketd/libwebsocketd/session"
)

// Options are the settings of a Control.
type Options struct {
	Version  string            // of the server
	Name     string            // of the program that is the Config's own
	Sessions *session.Registry // of the sessions; nil: there are none
	Programs *manager.Manager  // of the supervised programs; nil: there are none

	// NewProgram returns a supervised program that is not configured, from settings as PMDaemon has
	// them, in JSON; its Lifetime is one of Programs. nil: there may be none, see --adminexec.
	NewProgram func(name string, config []byte) (libwebsocketd.Program, error)

	// Upgrade replaces the server by a new process, and returns that one's number. nil: it cannot
	// be replaced.
	Upgrade func(ctx context.Context) (pid int, err error)

	// Where the Control listens, and the further names it has there: see gate.NewHosts.
	Address Address
	Hosts   []string

	// Token is what clients of TCP have to show: a credential of Bearer tokens. nil: whoever
	// reaches the address may do everything.
	Token gate.Credential

	PingInterval time.Duration // 0 is hub.DefaultPing, negative no pings and no liveness check
	MaxConns     int           // that the Server may have, as in its Config: the hub has clients for what is left of the descriptors
	Pprof        bool          // whether profiles of the server can be asked for

	// The logs; nil discards. ErrorLog is that of net/http.
	Log      *slog.Logger
	ErrorLog *log.Logger
}

// Control is the management of one Server. Its methods may be called concurrently. It is the
// Observer of the Server's Config.
type Control struct {
	Options
	hub    *hub.Hub
	began  time.Time
	server atomic.Pointer[libwebsocketd.Server] // nil before Steer

	http   *http.Server
	tcp    *conns
	unix   *conns
	hosts  *gate.Hosts
	access *gate.Access // nil without a Token
	logins *gate.Logins

	brake    listen.Brake
	routes   http.ServeMux
	policies map[string]policy // by pattern

	counts   *counts
	scraping sync.Mutex // see collectPrograms
	events   *events
	running  sync.WaitGroup  // the hub
	going    context.Context // done at Close
	stop     context.CancelFunc

	mu        sync.Mutex
	followers map[string][]*follower // by process ID, in the order they started; never empty
}

// New returns a Control, whose hub runs until Close.
func New(o Options) *Control {
	o.Name = cmp.Or(o.Name, "program")
	if o.Programs == nil {
		o.Programs = manager.New(manager.Options{})
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.ErrorLog == nil {
		o.ErrorLog = log.New(io.Discard, "", 0)
	}
	c := &Control{Options: o, policies: map[string]policy{}, counts: newCounts(), followers: map[string][]*follower{}, began: time.Now()}
	c.hosts = gate.NewHosts(o.Address.Hosts, o.Hosts, nil)
	c.access, c.logins = newAccess(o.Token), gate.NewLogins()
	c.tcp, c.unix = &conns{limit: connLimit(), log: o.Log}, &conns{limit: connLimit(), log: o.Log}
	c.http = c.newServer()
	c.events = newEvents(c)
	c.hub = hub.New(hub.Options{
		Log: o.Log, PingInterval: o.PingInterval, MaxClients: peerLimit(process.UsableDescriptors(), o.MaxConns),
		Unknown: c.events.obey, Disconnected: c.events.forget,
	})
	c.going, c.stop = context.WithCancel(context.Background())
	c.running.Go(func() { c.hub.Run(c.going) })
	<-c.hub.Running()
	c.Programs.Notify(c.events.hear)
	c.addRoutes()
	return c
}

// Steer names the Server that is managed. It should accept connections already: from now on
// /readyz says so.
func (c *Control) Steer(s *libwebsocketd.Server) { c.server.Store(s) }
