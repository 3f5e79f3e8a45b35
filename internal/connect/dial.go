package connect

import (
	"context"
	"errors"
	"fmt"
	"time"

	"websocketd/client"
	"websocketd/internal/terminal"
	"websocketd/libwebsocketd/ws"
)

// errNoReturn is why a lost connection is the end though it was to be resumed.
var errNoReturn = errors.New("the connection was lost; the program had a process for this connection only, and there is none to come back to")

// dial connects to the server, and returns the subprotocol too.
func dial(ctx context.Context, o *Options, l terminal.Local) (r remote, protocol string, err error) {
	if o.Resume {
		c, err := resume(ctx, o, l)
		return c, "", err
	}
	with := o.DialOptions
	if o.Token != nil {
		token, err := o.Token(ctx)
		if err != nil {
			return nil, "", err
		}
		with.Header = with.Header.Clone()
		with.Header.Set("Authorization", "Bearer "+token)
	}
	c, err := ws.Dial(ctx, o.URL, with)
	if err != nil {
		return nil, "", err
	}
	return c, c.Header().Get("Sec-Websocket-Protocol"), nil
}

// resume connects in such a way that a lost connection is made again.
func resume(ctx context.Context, o *Options, l terminal.Local) (c *client.Conn, err error) {
	returns := false // there is a process to come back to
	c, err = client.Dial(ctx, o.URL, &client.Options{
		Header: o.Header, Token: o.Token, Protocols: o.Protocols, TLS: o.TLS, Dial: o.Dial, MaxMessage: o.MaxMessage, PingInterval: o.PingInterval,
		Opened: func(opened client.Opened) {
			if opened.Resumed {
				l.Say("connected again")
			}
		},
		Missed:  func(m client.Missed) { l.Say(m.String()) },
		NotSent: func(_ client.Message, err error) { l.Say(notSent(err)) },
		Lost: func(reason error, again time.Duration) {
			// Dial calls this too, before it returns c. A position that was there may be
			// missing later: the server was started again, and nothing runs yet.
			returns = returns || c != nil && c.Position() != ""
			if c != nil && !returns { // another process would begin anew, in the middle of the output
				l.Fail(errNoReturn)
				return
			}
			l.Say(fmt.Sprintf("%v; trying again in %s", reason, again.Round(time.Second/10)))
		},
	})
	return c, err
}

// notSent says what has become of a message that was sent by plain HTTP.
func notSent(err error) string {
	if errors.Is(err, client.ErrUnsure) {
		return err.Error()
	}
	return "not sent: " + err.Error()
}
