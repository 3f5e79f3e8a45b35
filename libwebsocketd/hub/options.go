package hub

import (
	"cmp"
	"errors"
	"log/slog"
	"net/http"
	"time"
)

// Defaults of the Options.
const (
	DefaultBytes        = 1 << 20
	DefaultMaxBytes     = 64 << 20
	DefaultMaxChannels  = 16 << 10
	DefaultMaxClients   = 10_000
	DefaultMaxSubs      = 1024
	DefaultMaxAllSubs   = 256 << 10
	DefaultMaxMessage   = 64 << 10
	DefaultPing         = 30 * time.Second
	DefaultWriteTimeout = 10 * time.Second
)

// Errors of clients and of their subscriptions.
var (
	ErrNotRunning   = errors.New("Hub is not running")
	ErrTooManyPeers = errors.New("the hub has as many clients as it may")
	ErrTooMany      = errors.New("subscription limit exceeded")
	ErrTooManyNames = errors.New("the hub has as many channels as it may")
	ErrUnauthorised = errors.New("subscription unauthorised")
	ErrGone         = errors.New("the client is gone")
)

// Identity is who a client is, as an Authenticator has found out.
type Identity struct {
	User   string // never "" where there is an Authenticator
	Claims any    // what else the Authenticator knows
}

// Options are the settings of a Hub. The zero value lets everyone in. A function that is nil
// is not called.
type Options struct {
	// CheckOrigin reports whether a page may connect; nil: every page may.
	CheckOrigin func(r *http.Request) bool
	// Authenticate returns who a client is; an error refuses the client, and so does a panic.
	// nil: nobody needs to say who it is.
	Authenticate Authenticator
	// Authorize returns an error if a client may not subscribe to a channel, and a panic is
	// one too; nil: it may. It is called once for each subscription that a client asks for, by
	// the goroutine that reads from that client.
	Authorize func(c *Client, channel string) error

	// Connected is called with each client before anything is read from it, Disconnected
	// when its subscriptions are gone, and Refused with each request that was refused. They
	// may call the Hub, and the Client. A panic of theirs is logged.
	Connected, Disconnected func(c *Client)
	Refused                 func(r *http.Request, cause error)

	// Unknown is called with a message of a client that asks nothing of the Hub, JSON or
	// not, by the goroutine that reads from that client. The message is valid until it
	// returns. A panic of it is logged. nil: such messages are ignored.
	Unknown func(c *Client, message []byte)

	Limits   Limits // of a channel; Bytes 0 is DefaultBytes, and else 0 is no limit
	MaxBytes int    // of memory that all channels keep together, and as much for messages of clients that have not come whole; 0 is DefaultMaxBytes, negative no limit

	// MaxChannels bounds the channels that are known. Those without subscribers make place
	// for others, the longest idle first. What the server opens or publishes in has a place
	// in any case. 0 is DefaultMaxChannels.
	MaxChannels int

	MaxClients   int           // 0 is DefaultMaxClients; further ones are refused
	MaxSubs      int           // channels a client may subscribe to; 0 is DefaultMaxSubs
	MaxAllSubs   int           // subscriptions of all clients together; 0 is DefaultMaxAllSubs
	MaxMessage   int64         // bytes of a client's message, beyond which it is closed with 1009; 0 is DefaultMaxMessage
	PingInterval time.Duration // of WebSockets, and of comments to readers of events; 0 is DefaultPing, negative no pings and no liveness check

	// WriteTimeout is how long a client may take nothing of what is being written to it; 0 is
	// DefaultWriteTimeout.
	WriteTimeout time.Duration

	Log *slog.Logger // nil: nothing is logged
}

// withDefaults fills in the defaults.
func (o *Options) withDefaults() {
	o.Limits.Bytes = cmp.Or(o.Limits.Bytes, DefaultBytes)
	o.MaxBytes = cmp.Or(o.MaxBytes, DefaultMaxBytes)
	o.MaxChannels = cmp.Or(o.MaxChannels, DefaultMaxChannels)
	o.MaxClients = cmp.Or(o.MaxClients, DefaultMaxClients)
	o.MaxSubs = cmp.Or(o.MaxSubs, DefaultMaxSubs)
	o.MaxAllSubs = cmp.Or(o.MaxAllSubs, DefaultMaxAllSubs)
	o.MaxMessage = cmp.Or(o.MaxMessage, DefaultMaxMessage)
	o.PingInterval = cmp.Or(o.PingInterval, DefaultPing)
	o.WriteTimeout = cmp.Or(o.WriteTimeout, DefaultWriteTimeout)
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
}
