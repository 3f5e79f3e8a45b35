package client

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"
	"unicode/utf8"

	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/ws"
)

// Call is a process that a server runs for this client (pow-1): Read its output, Write its
// input, and take its Result. It lives as long as one connection.
//
// Whoever calls Read, WriteTo or Result hears the server, and answers its pings; one
// goroutine may. Any number may call Write, CloseInput and Cancel meanwhile.
type Call struct {
	ctx    context.Context
	server *ws.Endpoint
	unbind func() // returns when the end of ctx does nothing more

	// Of the goroutine that receives.
	receiving  sync.Mutex
	received   []bridge.Message // and not used; valid until the next Receive
	output     []byte           // of the last one used, and not read
	mostResult int64
	answer     []byte // the result as it comes
	answered   bool   // it has come whole
	value      json.RawMessage
	rejected   error // a *Rejected; nil if the call was fulfilled
	end        error // the last error of next

	// Of whoever sends.
	sending sync.Mutex
	part    []byte           // of a character, at the end of what was written
	pieces  []bridge.Message // of what is being written
	closed  bool             // the input is
}

// CallOptions say how a Call is made. The zero value is ready for use, and so is nil. The
// fields are those of Options with the same names.
type CallOptions struct {
	Header http.Header // of the handshake
	Token  func(context.Context) (string, error)

	TLS   *tls.Config
	Proxy func(*http.Request) (*url.URL, error)
	Dial  func(ctx context.Context, network, address string) (net.Conn, error)

	PingInterval time.Duration
	MaxResult    int64 // bytes of the result; 0 is 16 MiB. Output has no limit
}

const (
	powProtocol = "pow-1"
	powBase     = "/pow/" // of a server that says nothing else
)

var errNotPow = errors.New("the server does not call programs by name at this URL: it has not chosen the subprotocol " + powProtocol)

// StartCall has a server start a process: of the program with a name, with parameters. The
// URL is one at which the server speaks pow-1 (websocketd --pow). Without a path it is that
// of the server, to which /pow/ is added.
//
// When ctx is done the connection is closed, and the server cancels the process. A caller who
// may leave before the result must see to that. The error is a [ws.Refusal] if the server
// refuses the connection; that it refuses the call is said by Result.
func StartCall(ctx context.Context, address, name string, params []string, o *CallOptions) (*Call, error) {
	if o == nil {
		o = new(CallOptions)
	}
	message, err := encodeCall(name, params)
	if err != nil {
		return nil, err
	}
	server, err := dialPow(ctx, address, o)
	if err != nil {
		return nil, err
	}
	c := &Call{ctx: ctx, server: server, mostResult: o.MaxResult}
	if c.mostResult <= 0 {
		c.mostResult = ws.DefaultMaxMessage
	}
	c.bind()
	server.Send([]bridge.Message{{Kind: bridge.Binary, Data: message}}) // Result says if that has failed
	return c, nil
}

// encodeCall returns the message by which a call begins.
func encodeCall(name string, params []string) ([]byte, error) {
	for _, text := range append([]string{name}, params...) {
		if !utf8.ValidString(text) {
			return nil, fmt.Errorf("the name or a parameter of the call is not UTF-8: %q", text)
		}
	}
	return json.Marshal(struct {
		Call   string   `json:"call"`
		Params []string `json:"params,omitempty"`
	}{name, params})
}

// dialPow connects to a server that speaks pow-1.
func dialPow(ctx context.Context, address string, o *CallOptions) (*ws.Endpoint, error) {
	target, err := ws.ParseURL(address)
	if err != nil {
		return nil, err
	}
	if target.Path == "" || target.Path == "/" {
		target.Path = powBase
	}
	header, err := withToken(ctx, o.Header, o.Token)
	if err != nil {
		return nil, err
	}
	server, err := ws.Dial(ctx, target.String(), ws.DialOptions{
		Header: header, Protocols: []string{powProtocol}, TLS: o.TLS, Proxy: o.Proxy, Dial: o.Dial,
		MaxMessage: -1, PingInterval: o.PingInterval,
	})
	if err == nil && server.Header().Get("Sec-Websocket-Protocol") != powProtocol {
		server.Close()
		return nil, errNotPow
	}
	return server, err
}

// bind closes the connection when the context is done.
func (c *Call) bind() {
	closed := make(chan struct{})
	stop := context.AfterFunc(c.ctx, func() {
		defer close(closed)
		c.server.Close()
	})
	c.unbind = func() {
		if !stop() {
			<-closed
		}
	}
}
