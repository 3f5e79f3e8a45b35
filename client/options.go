package client

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"

	"websocketd/libwebsocketd/ws"
)

// Options say how a Conn is made. The zero value is ready for use, and so is nil.
type Options struct {
	Header    http.Header // of every request; Host takes the place of the URL's
	Protocols []string    // subprotocols to offer, the preferred one first

	// Token returns a bearer token, which takes the place of an Authorization in Header. It
	// is called before each request, and may return another one each time. May be nil.
	Token func(context.Context) (string, error)

	TLS *tls.Config // for wss and https; nil: the system's certificates

	// Proxy returns the URL of an HTTP proxy for a request, nil for none. The field is nil
	// for that of the environment (HTTP_PROXY, HTTPS_PROXY, NO_PROXY).
	Proxy func(*http.Request) (*url.URL, error)

	// Dial connects to the address "host:port" without a proxy. It can connect to a unix
	// socket instead: then the URL's host is only what the server is told. nil is a
	// [net.Dialer].
	Dial func(ctx context.Context, network, address string) (net.Conn, error)

	MaxMessage   int64         // bytes of one message of the server; 0 is 16 MiB
	PingInterval time.Duration // 0 is 30 s; a server that is silent for two of them is lost; negative: no pings

	// NoResume takes the program as one that ends with its connection, whatever it is.
	NoResume bool
	// NoReconnect ends with the first connection.
	NoReconnect bool
	// NoFallback makes no use of plain HTTP where WebSockets are blocked.
	NoFallback bool
	// Insist has Dial try again, as after a lost connection, until its context is done.
	Insist bool

	Tries      int           // how many tries in a row may fail; 0: any number
	FirstDelay time.Duration // after the first failed try; doubles from one to the next; 0 is 1 s
	MostDelay  time.Duration // the longest; 0 is 30 s

	// Queue is how many bytes of messages Write keeps while there is no connection.
	Queue int

	// Session goes on with a session that was made before. Its zero value makes one, where
	// the program has sessions.
	Session Session
	// After goes on after a position that another Conn had; see [Conn.Position].
	After string

	// Opened, Missed and Lost are called by Dial and by the goroutine that receives, in
	// the order in which things happen. They must not receive. All may be nil.

	// Opened is called when a connection is there, and before its first message.
	Opened func(Opened)
	// Missed is called when messages are lost to this client, before what comes after.
	Missed func(Missed)
	// Lost is called when the connection is lost, and after a try that has failed. The
	// next try is made after again.
	Lost func(reason error, again time.Duration)

	// NotSent is called with a message of Send, or of the queue, that is given up though the
	// connection stays, as may be by plain HTTP, and why: a [ws.Refusal], or what is ErrUnsure.
	// It is called by whoever sends just then, and must not send. May be nil.
	NotSent func(m Message, err error)
}

// Session names a session of a program, and opens it.
type Session struct{ ID, Secret string }

// Opened says what kind of connection has come about.
type Opened struct {
	// Resumed reports whether it goes on where another one ended, with nothing shown twice.
	// Otherwise it is the first, or one to another process.
	Resumed bool
	// Via is WebSocket or HTTP.
	Via string
}

// What a connection is made of.
const (
	WebSocket = "websocket"
	HTTP      = "http" // server-sent events, and a POST for each message
)

// Missed says how many messages of the program this client will not see.
type Missed struct {
	Count   uint64
	Unknown bool // another process has taken the place of the one before
}

// String says it in words.
func (m Missed) String() string {
	switch {
	case m.Unknown:
		return "another process has taken the place of the one before; what that has said since is lost"
	case m.Count == 1:
		return "1 message is lost: the server does not keep it any more"
	}
	return fmt.Sprintf("%d messages are lost: the server does not keep them any more", m.Count)
}

// Defaults of Options.
const (
	DefaultFirstDelay = time.Second
	DefaultMostDelay  = 30 * time.Second
)

// complete returns the options with their defaults.
func (o *Options) complete() Options {
	var all Options
	if o != nil {
		all = *o
	}
	all.PingInterval = cmp.Or(all.PingInterval, ws.DefaultPingInterval)
	all.MaxMessage = cmp.Or(max(all.MaxMessage, 0), ws.DefaultMaxMessage)
	all.FirstDelay = cmp.Or(all.FirstDelay, DefaultFirstDelay)
	all.MostDelay = max(cmp.Or(all.MostDelay, DefaultMostDelay), all.FirstDelay)
	if all.Proxy == nil {
		all.Proxy = http.ProxyFromEnvironment
	}
	if all.Opened == nil {
		all.Opened = func(Opened) {}
	}
	if all.Missed == nil {
		all.Missed = func(Missed) {}
	}
	if all.Lost == nil {
		all.Lost = func(error, time.Duration) {}
	}
	if all.NotSent == nil {
		all.NotSent = func(Message, error) {}
	}
	return all
}

// errNoToken is the error of a request for which there is no token.
var errNoToken = errors.New("there is no token")

// withToken returns a copy of a header, with a bearer token if there is one.
func withToken(ctx context.Context, h http.Header, token func(context.Context) (string, error)) (http.Header, error) {
	if h = h.Clone(); h == nil {
		h = http.Header{}
	}
	if token != nil {
		text, err := token(ctx)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", errNoToken, err)
		}
		h.Set("Authorization", "Bearer "+text)
	}
	return h, nil
}
