package exchange

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"websocketd/libwebsocketd/bridge"
)

// TestDrain has a client that goes on sending what nobody wants: it has five seconds, or
// as long as the rest of the answer may take, and a client that pauses has less.
func TestDrain(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		pause, every time.Duration
		going        bool
		most         time.Duration
	}{
		"steady":      {DrainPause / 2, interval, false, drainMost},
		"pauses":      {2 * DrainPause, interval, false, DrainPause},
		"short pings": {DrainPause / 2, time.Second, false, 2 * time.Second},
		"going away":  {DrainPause / 2, interval, true, lastWait},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				done := make(chan struct{})
				request := strings.Replace(aPost, "10", "1000", 1)
				going, stop := context.WithCancelCause(t.Context())
				defer stop(nil)
				ours, r := talk(t, going, request, plainForm{trailer: true}, &stranger{}, test.every, func(c *Client) {
					defer close(done)
					if test.going {
						stop(bridge.ErrGoingAway)
					}
					begin := time.Now()
					c.CloseSend(exit3)
					for {
						if _, err := c.Receive(); err != nil {
							break
						}
					}
					if since := time.Since(begin); since != test.most {
						t.Errorf("it is drained for %s", since)
					}
					c.Close()
				})
				sent := make(chan struct{})
				go func() {
					defer close(sent)
					for {
						<-time.After(test.pause)
						if _, err := io.WriteString(ours, "x"); err != nil {
							return
						}
					}
				}()
				resp := answerTo(t, r, "POST")
				if _, err := io.ReadAll(resp.Body); err != nil || resp.Trailer.Get(exitHeader) != "4003 exit status 3" || !resp.Close {
					t.Errorf("%v, %v", err, resp.Trailer)
				}
				<-done
				ours.Close()
				<-sent
			})
		})
	}
}

// TestContinue has a client that waits to be told to go on.
func TestContinue(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		request := strings.Replace(aPost, "\r\n\r\n", "\r\nExpect: 100-Continue\r\n\r\n", 1)
		ours, r := talk(t, t.Context(), request, plainForm{trailer: true}, &stranger{}, interval, func(c *Client) {
			for {
				batch, err := c.Receive()
				if err == io.EOF {
					break
				}
				c.Send(batch)
			}
			finish(c, exit3)
		})
		if first := answerTo(t, r, "POST"); first.StatusCode != 100 || len(first.Header) > 0 {
			t.Errorf("%d %v", first.StatusCode, first.Header)
		}
		head := answerTo(t, r, "POST")
		go io.WriteString(ours, "0123456789")
		if got, err := io.ReadAll(head.Body); head.StatusCode != 200 || string(got) != "0123456789\n" || err != nil {
			t.Errorf("%d %q, %v", head.StatusCode, got, err)
		}
	})
}

// TestKeptAlive: the connection is used again when the body was over before the header was
// made, which an Opener's program does.
func TestKeptAlive(t *testing.T) {
	t.Parallel()
	for _, over := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			var refused error
			ours, r := talk(t, t.Context(), aPost, opened{refused: &refused}, &stranger{}, interval, func(c *Client) {
				for over {
					if _, err := c.Receive(); err != nil {
						break
					}
				}
				c.Send(said("200\na"))
				finish(c, exit3)
			})
			if over {
				io.WriteString(ours, "0123456789")
			}
			resp := answerTo(t, r, "POST")
			if got, err := io.ReadAll(resp.Body); resp.Close == over || string(got) != "a" || err != nil {
				t.Errorf("body over: %v, the connection is closed: %v; %q, %v", over, resp.Close, got, err)
			}
		})
	}
}

// TestBrokenBody has a body that is none: the client is as good as gone.
func TestBrokenBody(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		request := "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
		done := make(chan struct{})
		ours, r := talk(t, t.Context(), request, plainForm{trailer: true}, &stranger{}, interval, func(c *Client) {
			defer close(done)
			c.Receive()
			gone := new(bridge.CloseError)
			if _, err := c.Receive(); !errors.As(err, &gone) || !errors.As(context.Cause(c.Context()), &gone) {
				t.Errorf("%v, %v", err, context.Cause(c.Context()))
			}
			finish(c, exit3)
		})
		answerTo(t, r, "POST")
		io.WriteString(ours, "5\r\nhello\r\nnonsense\r\n")
		<-done
	})
}

// TestFirst has the lines that stand before all, also where there is no body.
func TestFirst(t *testing.T) {
	t.Parallel()
	b := newBody(nil, request(t, "GET", "ignored"), said("first"), true)
	if batch, err := b.next(); err != nil || string(batch[0].Data) != "first" {
		t.Errorf("%v, %v", batch, err)
	}
	if _, err := b.next(); err != io.EOF {
		t.Errorf("%v", err)
	}
}
