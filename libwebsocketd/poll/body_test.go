package poll

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"websocketd/libwebsocketd"
)

// TestStalledBody has a client that sends half of a body and then nothing.
func TestStalledBody(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		every  time.Duration
		speaks int // times, once an interval
		after  time.Duration
	}{
		"silent":           {interval, 0, 2 * interval},
		"takes the answer": {interval, 10, 12 * interval},
		"without pings":    {-1, 0, time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ours, r := talk(t, t.Context(), aPost, plainForm{}, &stranger{}, test.every, func(c *client) {
					if batch, err := c.Receive(); err != nil || string(batch[0].Data) != "half" || batch[0].Kind != libwebsocketd.Verbatim {
						t.Errorf("%v, %v", batch, err)
					}
					received := make(chan error, 1)
					go func() {
						_, err := c.Receive()
						received <- err
					}()
					begin := time.Now()
					for range test.speaks {
						<-time.After(interval)
						c.Send(said("a"))
					}
					select {
					case <-c.Context().Done():
					case <-time.After(time.Hour - time.Since(begin)):
					}
					if since := time.Since(begin); since < test.after || since > test.after+2*lookInterval {
						t.Errorf("%v after %s, not %s", context.Cause(c.Context()), since, test.after)
					}
					c.CloseSend(context.Cause(c.ctx))
					if err := <-received; err == nil || err == io.EOF {
						t.Errorf("Receive: %v", err)
					}
					c.Close()
				})
				resp := make(chan *http.Response, 1)
				go func() {
					a := answerTo(t, r, "POST")
					io.Copy(io.Discard, a.Body)
					resp <- a
				}()
				io.WriteString(ours, "half")
				a := <-resp
				if got := a.Trailer.Get(exitTrailer); test.every > 0 && !strings.HasPrefix(got, "1013 the body") {
					t.Errorf("the trailer is %q", got)
				}
			})
		})
	}
}

// TestHeldBack has a program that takes no more of a body: the client's silence means
// nothing then, but its connection is looked at.
func TestHeldBack(t *testing.T) {
	t.Parallel()
	for _, left := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			_, r := talk(t, t.Context(), aPost, plainForm{}, &stranger{left: left}, interval, func(c *client) {
				begin := time.Now()
				select {
				case <-c.Context().Done():
				case <-time.After(time.Hour):
				}
				if since := time.Since(begin); (since == lookInterval) != left {
					t.Errorf("left %v: %v after %s", left, context.Cause(c.Context()), since)
				}
				finish(c, exit3)
			})
			io.Copy(io.Discard, r)
		})
	}
}

// TestDrain has a client that goes on sending what nobody wants: it has a second, and
// a client that pauses has less.
func TestDrain(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		pause, most time.Duration
	}{"steady": {drainPause / 2, drainMost}, "pauses": {2 * drainPause, drainPause}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				done := make(chan struct{})
				request := strings.Replace(aPost, "10", "1000", 1)
				ours, r := talk(t, t.Context(), request, plainForm{}, &stranger{}, interval, func(c *client) {
					defer close(done)
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
				if _, err := io.ReadAll(resp.Body); err != nil || resp.Trailer.Get(exitTrailer) != "4003 exit status 3" || !resp.Close {
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
		ours, r := talk(t, t.Context(), request, plainForm{}, &stranger{}, interval, func(c *client) {
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

// TestFirst has the lines that stand before all, also where there is no body.
func TestFirst(t *testing.T) {
	t.Parallel()
	b := newBody(nil, request(t, "GET", "/", "ignored"), said("first"))
	if batch, err := b.next(); err != nil || string(batch[0].Data) != "first" {
		t.Errorf("%v, %v", batch, err)
	}
	if _, err := b.next(); err != io.EOF {
		t.Errorf("%v", err)
	}
}
