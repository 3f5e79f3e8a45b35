package client

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"

	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/ws"
)

// link is one connection.
type link struct {
	carrier
	via    string
	counts bool   // its messages are numbered,
	at     uint64 // and this is the number of the last one
	dead   bool   // sending over it has failed; Conn.mu guards it
}

// carrier is what carries messages.
type carrier interface {
	Receive() ([]bridge.Message, error)
	ReceiveEach(func([]bridge.Message)) error
	Parts() int64
	SendContext(ctx context.Context, batch []bridge.Message) error
	CloseSend(error) error
	Close() error
}

var (
	_ carrier = (*socket)(nil)
	_ carrier = (*stream)(nil)
)

// socket is a WebSocket.
type socket struct{ *ws.Endpoint }

// SendContext sends messages. It ends the connection if ctx is done before the server takes
// them: nothing can follow half a frame.
func (s *socket) SendContext(ctx context.Context, batch []bridge.Message) error {
	if ctx.Done() == nil {
		return s.Send(batch)
	}
	stop := context.AfterFunc(ctx, func() { s.Close() })
	defer stop()
	return s.Send(batch)
}

func isEOF(err error) bool { return err == io.EOF }

// openWebSocket makes a WebSocket that goes on after a position.
func (c *Conn) openWebSocket(ctx context.Context, after position) (*link, error) {
	server, err := c.dial(ctx, url.Values{"after": {after.String()}, "notes": {"no"}})
	if err != nil {
		return nil, err
	}
	return &link{carrier: &socket{server}, via: WebSocket, counts: true, at: after.number}, nil
}

// openPlain makes a WebSocket whose process ends with it.
func (c *Conn) openPlain(ctx context.Context) (*link, error) {
	server, err := c.dial(ctx, url.Values{})
	if err != nil {
		return nil, err
	}
	return &link{carrier: &socket{server}, via: WebSocket}, nil
}

func (c *Conn) dial(ctx context.Context, query url.Values) (*ws.Endpoint, error) {
	header, err := c.header(ctx)
	if err != nil {
		return nil, err
	}
	return ws.Dial(ctx, c.address(query, "ws"), ws.DialOptions{
		Header: header, Protocols: c.o.Protocols, TLS: c.o.TLS, Proxy: c.o.Proxy, Dial: c.o.Dial,
		MaxMessage: c.o.MaxMessage, PingInterval: c.o.PingInterval,
	})
}

// isBlocked reports whether the error of a handshake may be that of something between,
// which lets no WebSocket through. All but the answers that the server itself gives after
// it has told the state of the program: that has changed, or no process can be started.
func isBlocked(err error) bool {
	refusal := new(ws.Refusal)
	if !errors.As(err, &refusal) {
		return true
	}
	switch refusal.Status {
	case http.StatusNotFound, http.StatusGone, http.StatusConflict, http.StatusTooManyRequests,
		http.StatusInternalServerError, http.StatusServiceUnavailable:
		return false
	}
	return true
}
