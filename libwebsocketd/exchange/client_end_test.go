package exchange

import (
	"context"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"websocketd/libwebsocketd/bridge"
)

// TestGoingAway has what is said after the server began to go, and the last event.
func TestGoingAway(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		going, stop := context.WithCancelCause(t.Context())
		_, r := talk(t, going, aGet, events{epoch: "e"}, &stranger{}, interval, func(c *Client) {
			stop(bridge.ErrGoingAway)
			<-c.Context().Done()
			if err := c.Send(said("bye")); err != nil {
				t.Errorf("Send: %v", err)
			}
			finish(c, exit3)
		})
		got, err := io.ReadAll(answerTo(t, r, "GET").Body)
		if err != nil || !strings.HasSuffix(string(got), "data: bye\n\nid: e:1\nevent: end\ndata: {\"code\":1001,\"reason\":\"server is going away\"}\n\n") {
			t.Errorf("%q, %v", got, err)
		}
	})
}

// TestClose breaks off what is at work, from elsewhere, and says nothing.
func TestClose(t *testing.T) {
	t.Parallel()
	for name, work := range map[string]func(c *Client) error{
		"Send":    func(c *Client) error { return c.Send(said(strings.Repeat("x", 10*pieceSize))) },
		"Receive": func(c *Client) error { _, err := c.Receive(); return err },
	} {
		synctest.Test(t, func(t *testing.T) {
			done := make(chan struct{})
			_, r := talk(t, t.Context(), aPost, events{epoch: "e"}, &stranger{}, -1, func(c *Client) {
				defer close(done)
				unblocked := make(chan error, 1)
				go func() { unblocked <- work(c) }()
				synctest.Wait()
				c.Close()
				if err := <-unblocked; err == nil || err == io.EOF {
					t.Errorf("%s: %v", name, err)
				}
				if err := c.Send(said("a")); err == nil {
					t.Errorf("%s: Send after Close", name)
				}
				c.CloseSend(exit3)
				c.Close()
			})
			readUntil(t, answerTo(t, r, "POST").Body, ":\n")
			<-done
			if rest, err := io.ReadAll(r); strings.Contains(string(rest), "event: end") || err != nil {
				t.Errorf("%s: %q, %v", name, rest, err)
			}
		})
	}
}

// TestEndIsNotTaken has a client that reads no more when the end comes.
func TestEndIsNotTaken(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		every, took time.Duration
		going       bool
	}{
		"pings":       {interval, 2 * interval, false},
		"none":        {-1, 2 * defaultInterval, false},
		"server goes": {interval, lastWait, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				going, stop := context.WithCancelCause(t.Context())
				done := make(chan struct{})
				_, r := talk(t, going, aGet, events{epoch: "e"}, &stranger{}, test.every, func(c *Client) {
					defer close(done)
					if test.going {
						stop(bridge.ErrGoingAway)
					}
					begin := time.Now()
					finish(c, exit3)
					if since := time.Since(begin); since != test.took {
						t.Errorf("it took %s", since)
					}
				})
				readUntil(t, answerTo(t, r, "GET").Body, ":\n")
				<-done
			})
		})
	}
}
