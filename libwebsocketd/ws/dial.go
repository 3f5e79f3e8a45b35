package ws

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/gorilla/websocket"

	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/internal/after"
)

// DialOptions say how a server is connected to. The zero value is ready for use.
type DialOptions struct {
	Header    http.Header // further headers of the handshake; Host takes the place of the URL's
	Protocols []string    // subprotocols to offer, the preferred one first
	TLS       *tls.Config // for wss and https; nil: the system's certificates

	// Proxy returns the URL of an HTTP proxy for a request, nil for none. The field is nil
	// for that of the environment (HTTP_PROXY, HTTPS_PROXY, NO_PROXY).
	Proxy func(*http.Request) (*url.URL, error)

	// Dial connects to the address "host:port" without a proxy. It can connect to a unix
	// socket instead: then the URL's host is only what the server is told. nil is a
	// [net.Dialer].
	Dial func(ctx context.Context, network, address string) (net.Conn, error)

	MaxMessage   int64         // bytes of one message; 0 is DefaultMaxMessage; negative streams, in pieces
	PingInterval time.Duration // 0 is DefaultPingInterval; negative: no pings, and a lost connection may go unnoticed
}

// Defaults of DialOptions.
const (
	DefaultMaxMessage   = 16 << 20
	DefaultPingInterval = 30 * time.Second
)

// answerWait bounds the handshake, from the connection to the 101. A server may start a
// program meanwhile, or wait for a place.
const answerWait = 30 * time.Second

var errNoAnswer = fmt.Errorf("no answer to the handshake within %s", answerWait)

// Dial makes a handshake with the server of a URL (ws, wss, http or https) and returns its
// Endpoint:
//
//	server, err := ws.Dial(ctx, "ws://localhost:8080/", ws.DialOptions{})
//	if refusal := new(ws.Refusal); errors.As(err, &refusal) {
//		return fmt.Errorf("%d: %s", refusal.Status, refusal.Reason) // the server's sentence
//	} else if err != nil {
//		return err // the network's
//	}
//	defer server.Close()
//	server.Send([]bridge.Message{{Kind: bridge.Text, Data: []byte("hello")}})
//	for {
//		batch, err := server.Receive()
//		if err != nil {
//			return err // a bridge.CloseWith: code and reason of the server's close
//		}
//		use(batch) // valid until the next Receive
//	}
//
// In a [bridge.Pipe] it takes the place of the program: what it says comes before how it
// ended. ctx is for the handshake; the Endpoint lives until its Close. Messages of both
// kinds are received. Receive ends with
//
//   - a [bridge.CloseWith], the server's close code and reason; 1005 if it had no code;
//   - a [bridge.CloseError] with 1006, if the connection was lost; [context.Cause] of the
//     Endpoint's Context may say more;
//   - a [bridge.RefusedError], what the server sent and we could not accept.
func Dial(ctx context.Context, address string, o DialOptions) (*Endpoint, error) {
	target, header, err := prepare(address, o)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, answerWait, errNoAnswer)
	defer cancel()
	raw, err := connect(ctx, target, o)
	if err != nil {
		return nil, whyNot(ctx, err)
	}
	settle := after.Close(ctx, raw)
	c, answer, err := shakeHands(ctx, raw, target, header, o)
	settle()
	if err == nil && ctx.Err() != nil {
		err = ctx.Err()
	}
	if err != nil {
		raw.Close()
		return nil, whyNot(ctx, err)
	}
	w := newEndpoint(context.WithoutCancel(ctx), c, Options{
		MaxMessage:   cmp.Or(o.MaxMessage, DefaultMaxMessage),
		PingInterval: cmp.Or(o.PingInterval, DefaultPingInterval),
		Takes:        bridge.BothKinds,
		Log:          slog.New(slog.DiscardHandler),
	})
	w.header = answer
	return w, nil
}

// Header returns the header of the server's answer to the handshake. The subprotocol it
// has chosen is Sec-WebSocket-Protocol. It is nil after Upgrade.
func (w *Endpoint) Header() http.Header { return w.header }

// whyNot returns the cause of ctx in place of what it made of the connection.
func whyNot(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return err
}

// ParseURL parses the URL of a server (ws, wss, http or https). The scheme of what it returns
// is ws or wss.
func ParseURL(address string) (*url.URL, error) {
	const form = "%s: not a URL of the form ws://HOST:PORT/PATH (or wss, http, https)"
	target, err := url.Parse(address)
	if failed := new(url.Error); errors.As(err, &failed) { // which has the address once more
		return nil, fmt.Errorf(form+": %w", address, failed.Err)
	}
	schemes := map[string]string{"ws": "ws", "wss": "wss", "http": "ws", "https": "wss"}
	target.Scheme = schemes[target.Scheme]
	if target.Scheme == "" || target.Host == "" {
		return nil, fmt.Errorf(form, address)
	}
	return target, nil
}

// prepare returns the URL as gorilla takes it, and the header of the handshake. A user and
// password in the URL become an Authorization header, unless there is one.
func prepare(address string, o DialOptions) (*url.URL, http.Header, error) {
	target, err := ParseURL(address)
	if err != nil {
		return nil, nil, err
	}
	header := o.Header.Clone()
	if header == nil {
		header = http.Header{}
	}
	if password, ok := target.User.Password(); ok && header.Get("Authorization") == "" {
		r := http.Request{Header: header}
		r.SetBasicAuth(target.User.Username(), password)
	}
	target.User, target.Fragment = nil, ""
	return target, header, nil
}

// connect connects to the server, through a proxy if there is one, with TLS if the URL says
// so.
func connect(ctx context.Context, target *url.URL, o DialOptions) (net.Conn, error) {
	secure, port := target.Scheme == "wss", "80"
	if secure {
		port = "443"
	}
	address := net.JoinHostPort(target.Hostname(), cmp.Or(target.Port(), port))
	proxy, err := o.proxyFor(target)
	if err != nil {
		return nil, err
	}
	var c net.Conn
	switch {
	case o.Dial != nil:
		c, err = o.Dial(ctx, "tcp", address)
	case proxy != nil:
		c, err = throughProxy(ctx, proxy, address)
	default:
		c, err = new(net.Dialer).DialContext(ctx, "tcp", address)
	}
	if err != nil || !secure {
		return c, err
	}
	return encrypt(ctx, c, o.TLS, target.Hostname())
}

// proxyFor returns the proxy for a URL, nil if there is none.
func (o *DialOptions) proxyFor(target *url.URL) (*url.URL, error) {
	find := o.Proxy
	if o.Dial != nil {
		return nil, nil
	}
	if find == nil {
		find = http.ProxyFromEnvironment
	}
	plain := *target
	plain.Scheme = strings.Replace(target.Scheme, "ws", "http", 1)
	return find(&http.Request{URL: &plain})
}

// shakeHands makes the handshake over a connection.
func shakeHands(ctx context.Context, raw net.Conn, target *url.URL, header http.Header, o DialOptions) (*conn, http.Header, error) {
	head := &headReader{Conn: raw}
	give := func(context.Context, string, string) (net.Conn, error) { return head, nil }
	dialer := websocket.Dialer{NetDialContext: give, NetDialTLSContext: give, Subprotocols: o.Protocols}
	_, answer, err := dialer.DialContext(ctx, target.String(), header)
	switch {
	case errors.Is(err, websocket.ErrBadHandshake):
		return nil, nil, ReadRefusal(answer)
	case err != nil:
		return nil, nil, err
	}
	if err := checkAnswer(answer.Header, o.Protocols); err != nil {
		return nil, nil, err
	}
	c := newConn(raw, head.ahead)
	c.masks = true
	return c, answer.Header, nil
}

// checkAnswer returns an error if the server has chosen what was not offered (RFC 6455
// section 4.1, points 5 and 6), which gorilla does not check.
func checkAnswer(answer http.Header, offered []string) error {
	if chosen := answer.Get("Sec-Websocket-Protocol"); chosen != "" && !slices.Contains(offered, chosen) {
		return fmt.Errorf("the server has chosen the subprotocol %q, which was not offered", chosen)
	}
	if extensions := answer.Values("Sec-Websocket-Extensions"); len(extensions) > 0 {
		return fmt.Errorf("the server has chosen the extensions %q, which were not offered", strings.Join(extensions, ", "))
	}
	return nil
}

// mostHead bounds the head of an answer: net/http, which parses it, has no limit here.
const mostHead = 1 << 20

// headReader is a connection of which the head of an answer can be read, and then no more
// in the same read: gorilla's buffer must not take the first frames.
type headReader struct {
	net.Conn
	size  int    // of what has come of the head
	blank bool   // the line under way is empty so far
	whole bool   // the head has been read
	ahead []byte // read after it
}

// Read implements [net.Conn].
func (h *headReader) Read(b []byte) (n int, err error) {
	if len(h.ahead) > 0 {
		n = copy(b, h.ahead)
		h.ahead = h.ahead[n:]
		return n, nil
	}
	n, err = h.Conn.Read(b)
	end := h.end(b[:n])
	if h.size += end; !h.whole && h.size > mostHead {
		return 0, fmt.Errorf("the head of the server's answer is over %d bytes", mostHead)
	}
	if end < n {
		h.ahead = append(h.ahead, b[end:n]...)
		return end, nil
	}
	return n, err
}

// end returns how much of b belongs to the head; all of it after the head.
func (h *headReader) end(b []byte) int {
	for i, c := range b {
		switch {
		case h.whole:
			return len(b)
		case c == '\n' && h.blank:
			h.whole = true
			return i + 1
		case c == '\n':
			h.blank = true
		case c != '\r':
			h.blank = false
		}
	}
	return len(b)
}
