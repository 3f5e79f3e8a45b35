package exchange

import (
	"context"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"websocketd/libwebsocketd/bridge"
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
				ours, r := talk(t, t.Context(), aPost, plainForm{trailer: true}, &stranger{}, test.every, func(c *Client) {
					if batch, err := c.Receive(); err != nil || string(batch[0].Data) != "half" || batch[0].Kind != bridge.Verbatim {
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
				if got := a.Trailer.Get(exitHeader); test.every > 0 && !strings.HasPrefix(got, "1013 the body") {
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
			_, r := talk(t, t.Context(), aPost, plainForm{trailer: true}, &stranger{left: left}, interval, func(c *Client) {
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

// TestHeldBackAsked has a client whose body is not taken: it is sent an interim response
// in pauses that become longer, and one more at once when it has sent its end. One that
// would take the first for its end is sent none before that.
func TestHeldBackAsked(t *testing.T) {
	t.Parallel()
	always := []time.Duration{interval, 2 * interval, 4 * interval, 8 * interval, 8*interval + lookInterval}
	atEnd := []time.Duration{8*interval + lookInterval, 8*interval + 2*lookInterval}
	for headers, want := range map[string][]time.Duration{
		"":                         always,
		"User-Agent: node\r\n":     atEnd,
		"User-Agent: undici\r\n":   atEnd,
		"Sec-Fetch-Mode: cors\r\n": atEnd,
		"Sec-Fetch-Mode: cors\r\nSec-Fetch-Site: same-origin\r\n": always,
	} {
		testHeldBackAsked(t, strings.Replace(aPost, "\r\n", "\r\n"+headers, 1), want)
	}
}

// testHeldBackAsked has a client that makes such a request asked at these times.
func testHeldBackAsked(t *testing.T, request string, want []time.Duration) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		peer := &stranger{}
		_, r := talk(t, t.Context(), request, plainForm{}, peer, interval, func(c *Client) {
			time.Sleep(8*interval + lookInterval/2)
			peer.closing.Store(true)
			time.Sleep(interval / 2)
			finish(c, exit3)
		})
		var asked []time.Duration
		for {
			answer := answerTo(t, r, "POST")
			if answer.StatusCode != http.StatusContinue {
				break
			}
			if len(answer.Header) > 0 {
				t.Errorf("it has headers of the answer: %v", answer.Header)
			}
			asked = append(asked, time.Since(began))
		}
		if !slices.Equal(asked, want) {
			t.Errorf("%q was asked after %v, want %v", request, asked, want)
		}
	})
}

// TestHalfClosedAsked has a client that has sent its end, and whose answer is held back: it
// is asked at once, and then in pauses that become longer, whatever the ping interval.
func TestHalfClosedAsked(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		peer := &stranger{}
		peer.closing.Store(true)
		silent, end := context.WithCancel(t.Context())
		end()
		var refused error
		o := Options{Encoder: opened{refused: &refused}, Peer: peer, Silent: silent, Interval: interval}
		_, r := talkWith(t, t.Context(), aGet, o, func(c *Client) {
			time.Sleep(20 * time.Second)
			finish(c, exit3)
		})
		var asked []time.Duration
		for answerTo(t, r, "GET").StatusCode == http.StatusContinue {
			asked = append(asked, time.Since(began))
		}
		if want := []time.Duration{0, time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second, 16 * time.Second}; !slices.Equal(asked, want) {
			t.Errorf("it was asked after %v, want %v", asked, want)
		}
	})
}

// TestNotTaking has a client of an answer without comments: its silence means something
// only while there is something for it to take.
func TestNotTaking(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		taken func(looks int64) int64
		owed  bool
		gone  bool
	}{
		"takes nothing":      {func(int64) int64 { return 7 }, true, true},
		"takes something":    {func(looks int64) int64 { return looks / 50 }, true, false},
		"nothing is to take": {func(int64) int64 { return 7 }, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var looks int64
				p := &stranger{taken: func() (int64, bool) { looks++; return test.taken(looks), true }, tookAll: !test.owed}
				done := make(chan struct{})
				_, r := talk(t, t.Context(), aGet, plainForm{}, p, interval, func(c *Client) {
					defer close(done)
					c.Send(said("a"))
					begin := time.Now()
					select {
					case <-c.Context().Done():
					case <-time.After(20 * interval):
					}
					since := time.Since(begin)
					if gone := since < 20*interval; gone != test.gone || gone && (since > 2*interval+2*lookInterval || context.Cause(c.Context()) != ErrNotTaking) {
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

// TestLateLook: as long as we do not look, the client's silence does not count.
func TestLateLook(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := &stranger{taken: func() (int64, bool) { return 7, true }}
		c := New(t.Context(), &flushes{header: http.Header{}}, request(t, "GET", ""), Options{Encoder: plainForm{}, Peer: p, Interval: interval})
		defer c.Close()
		g := newGuard(c)
		for range 3 {
			g.look()
			time.Sleep(10 * interval)
		}
		if err := context.Cause(c.Context()); err != nil {
			t.Errorf("%v, though nobody looked", err)
		}
	})
}

// quiet is a connection of which is known when its client's system acknowledged something last.
type quiet struct {
	stranger
	heard func() time.Time
}

func (q *quiet) SinceAcked() time.Duration {
	if q.heard == nil {
		return 0
	}
	return time.Since(q.heard())
}

// TestCommentsNotTaken has a client of an answer with comments that is silent after the first one:
// it is gone after two intervals of silence, of which the next comment waits one, or else after two
// comments.
func TestCommentsNotTaken(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		heard func(began time.Time) time.Time
		gone  time.Duration
	}{
		"nothing is known":             {nil, 3 * interval},
		"silent since the first":       {func(began time.Time) time.Time { return began.Add(100 * time.Millisecond) }, 2 * interval},
		"silent since before the next": {func(began time.Time) time.Time { return began.Add(interval - time.Second) }, 3 * interval},
		"it answers, and takes none":   {func(time.Time) time.Time { return time.Now() }, 3 * interval},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				p := &quiet{stranger: stranger{taken: func() (int64, bool) { return 7, true }}}
				if test.heard != nil {
					p.heard = func() time.Time { return test.heard(began) }
				}
				done := make(chan struct{})
				_, r := talk(t, t.Context(), aGet, events{epoch: "e"}, p, interval, func(c *Client) {
					defer close(done)
					<-c.Context().Done()
					if since := time.Since(began); since != test.gone || context.Cause(c.Context()) != ErrNotTaking {
						t.Errorf("%v after %s, want %s", context.Cause(c.Context()), since, test.gone)
					}
					finish(c, exit3)
				})
				io.Copy(io.Discard, answerTo(t, r, "GET").Body)
				<-done
			})
		})
	}
}
