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

// TestComments has one after each interval in which nothing else was said.
func TestComments(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, r := talk(t, t.Context(), aGet, events{epoch: "e"}, &stranger{}, interval, func(c *Client) {
			<-time.After(3*interval + interval/2)
			c.Send(said("a"))
			finish(c, exit3)
		})
		begin := time.Now()
		body := answerTo(t, r, "GET").Body
		readUntil(t, body, ":\n")
		for i := range 3 {
			readUntil(t, body, ":\n")
			if since := time.Since(begin); since != time.Duration(i+1)*interval {
				t.Errorf("comment %d after %s", i+1, since)
			}
		}
		rest, err := io.ReadAll(body)
		if want := "id: e:1\ndata: a\n\nid: e:1\nevent: end\ndata: {\"code\":4003,\"reason\":\"exit status 3\"}\n\n"; string(rest) != want || err != nil {
			t.Errorf("%q, %v", rest, err)
		}
	})
}

// TestEndWhileSaying has a client whose end comes while something is said, which it may have
// got before it left: it is asked afterwards, and not only at the next comment.
func TestEndWhileSaying(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		silent, end := context.WithCancel(t.Context())
		o := Options{Encoder: events{epoch: "e"}, Peer: &stranger{}, Silent: silent, Interval: time.Hour, IgnoresBody: true}
		_, r := talkWith(t, t.Context(), aGet, o, func(c *Client) {
			c.out.writing.Lock()
			end()
			time.Sleep(time.Second)
			c.out.writing.Unlock()
			time.Sleep(time.Second)
			finish(c, exit3)
		})
		body, err := io.ReadAll(answerTo(t, r, "GET").Body)
		if !strings.HasPrefix(string(body), ":\n:\nid") || err != nil { // the other is said at first
			t.Errorf("not two comments: %q, %v", body, err)
		}
	})
}

// TestSlowReader has a client that takes something now and then, but never nothing for
// two intervals, and gets all.
func TestSlowReader(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		long := strings.Repeat("x", 20*pieceSize)
		_, r := talk(t, t.Context(), aGet, events{epoch: "e"}, &stranger{}, interval, func(c *Client) {
			if err := c.Send(said(long, "b")); err != nil {
				t.Errorf("Send: %v", err)
			}
			finish(c, exit3)
		})
		body, got := answerTo(t, r, "GET").Body, []byte(nil)
		for piece := make([]byte, pieceSize/2); ; <-time.After(interval / 2) {
			n, err := body.Read(piece)
			got = append(got, piece[:n]...)
			if err != nil {
				break
			}
		}
		want := ":\nid: e:1\ndata: " + long + "\n\nid: e:2\ndata: b\n\nid: e:2\nevent: end\ndata: {\"code\":4003,\"reason\":\"exit status 3\"}\n\n"
		if string(got) != want {
			t.Errorf("%d bytes, not %d", len(got), len(want))
		}
	})
}

// TestTakesNothing has a client that stops reading: it is gone after two intervals.
func TestTakesNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		done := make(chan struct{})
		_, r := talk(t, t.Context(), aGet, events{epoch: "e"}, &stranger{}, interval, func(c *Client) {
			defer close(done)
			begin := time.Now()
			err := c.Send(said(strings.Repeat("x", 10*pieceSize)))
			if since := time.Since(begin); err == nil || since != 2*interval {
				t.Errorf("%v after %s", err, since)
			}
			if gone := new(bridge.CloseError); !errors.As(context.Cause(c.Context()), &gone) {
				t.Errorf("the conversation ends with %v", context.Cause(c.Context()))
			}
			finish(c, exit3)
		})
		readUntil(t, answerTo(t, r, "GET").Body, ":\n")
		<-done
	})
}

// TestVanished has a client whose system takes nothing any more, while ours still has
// room for the comments.
func TestVanished(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		taken func(looks int64) int64
		known bool
		gone  bool
	}{
		"takes nothing":   {func(int64) int64 { return 7 }, true, true},
		"takes something": {func(looks int64) int64 { return looks / 2 }, true, false},
		"unknown":         {func(int64) int64 { return 0 }, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var looks int64
				p := &stranger{taken: func() (int64, bool) { looks++; return test.taken(looks), test.known }}
				done := make(chan struct{})
				_, r := talk(t, t.Context(), aGet, events{epoch: "e"}, p, interval, func(c *Client) {
					defer close(done)
					begin := time.Now()
					select {
					case <-c.Context().Done():
					case <-time.After(20 * interval):
					}
					if since := time.Since(begin); (since == 3*interval) != test.gone {
						t.Errorf("%v after %s", context.Cause(c.Context()), since)
					}
					finish(c, exit3)
				})
				io.Copy(io.Discard, answerTo(t, r, "GET").Body)
				<-done
			})
		})
	}
}
