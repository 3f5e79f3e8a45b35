package session

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/coder/websocket"
)

// overWebSocket reads over a WebSocket.
func overWebSocket(ctx context.Context, c *client) error {
	conn, resp, err := websocket.Dial(ctx, c.address(url.Values{"after": {c.position()}}), &websocket.DialOptions{
		HTTPClient: c.http,
		HTTPHeader: c.header(),
		OnPingReceived: func(_ context.Context, payload []byte) bool {
			c.pinged(payload)
			return true
		},
	})
	if err != nil && resp != nil && resp.StatusCode != http.StatusSwitchingProtocols {
		return refusal(resp)
	}
	if err != nil {
		return err
	}
	defer conn.CloseNow()
	for {
		_, data, err := conn.Read(ctx)
		if err != nil {
			return c.closed(err)
		}
		if len(data) == 0 {
			// coder/websocket takes FIN between a frame's head and its payload for the end
			// of the message; the program prints no empty line.
			return io.ErrUnexpectedEOF
		}
		if err := c.take(0, string(data)); err != nil {
			return err
		}
	}
}

// closed takes the ending from the code of a close frame.
func (c *client) closed(err error) error {
	var closed websocket.CloseError
	if !errors.As(err, &closed) {
		return err
	}
	if closed.Code == websocket.StatusProtocolError { // our sending half was cut off, and the other was not yet
		return err
	}
	if !strings.HasPrefix(closed.Reason, "exit status") {
		return wrongf("closed with %d %q", closed.Code, closed.Reason)
	}
	c.ending = &ending{int(closed.Code), closed.Reason}
	return err
}
