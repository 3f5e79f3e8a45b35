package exchange

import (
	"context"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"websocketd/libwebsocketd/bridge"
)

// confirmed is a Confirmer that records what it hears.
type confirmed struct {
	bridge.Confirmer
	mu    sync.Mutex
	heard []string
}

func (c *confirmed) Confirm(number uint64) { c.add(strconv.FormatUint(number, 10)) }
func (c *confirmed) ConfirmEnd()           { c.add("end") }

func (c *confirmed) add(word string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.heard = append(c.heard, word)
}

// expect checks what was heard since the last call.
func (c *confirmed) expect(t *testing.T, when, want string) {
	t.Helper()
	synctest.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	if got := strings.Join(c.heard, " "); got != want {
		t.Errorf("%s the program hears %q, want %q", when, got, want)
	}
	c.heard = nil
}

// acker is a Peer that a test controls.
type acker struct {
	stranger
	mu      sync.Mutex
	all     bool
	strange bool // nothing is known
	looks   int
}

func (a *acker) BytesAcked(int64) (count int64, rest, known bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.looks++
	return 0, !a.all || a.strange, !a.strange
}

// acks makes the client's system acknowledge everything, or not.
func (a *acker) acks(all bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.all = all
}

func (a *acker) looked() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.looks
}

// newAsked returns a Client of server-sent events that a program asks what it has.
func newAsked(t *testing.T, proto int, every time.Duration) (*Client, *acker, *confirmed, context.CancelCauseFunc) {
	t.Helper()
	r, peer, program := request(t, "GET", ""), new(acker), new(confirmed)
	r.ProtoMajor = proto
	ctx, leave := context.WithCancelCause(r.Context())
	going, stop := context.WithCancelCause(t.Context())
	c := New(going, httptest.NewRecorder(), r.WithContext(ctx), Options{Encoder: events{epoch: "e"}, Peer: peer, Interval: every, IgnoresBody: true})
	c.ConfirmTo(program)
	t.Cleanup(func() { c.Close() })
	return c, peer, program, func(cause error) {
		if cause == bridge.ErrGoingAway {
			stop(cause)
		} else {
			leave(cause)
		}
	}
}

// give delivers messages up to a number.
func give(t *testing.T, c *Client, first, last uint64) {
	t.Helper()
	batch := said(strings.Fields(strings.Repeat("x ", int(last-first)+1))...)
	if err := c.Deliver([]bridge.Delivery{{Chunk: bridge.NewChunk(batch), First: first}, {Note: &bridge.Note{From: 1, To: 2}, First: last + 1}}); err != nil {
		t.Fatal(err)
	}
}

// TestConfirm: what was acknowledged is confirmed, at the next delivery or soon; nobody
// looks while there is nothing to confirm.
func TestConfirm(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, peer, program, _ := newAsked(t, 1, -1)
		time.Sleep(time.Hour)
		looks := peer.looked()
		if looks > 1 {
			t.Errorf("%d looks before anything was delivered", looks)
		}
		give(t, c, 1, 3)
		time.Sleep(10 * receiptWait)
		program.expect(t, "not acknowledged,", "")
		if n := peer.looked() - looks; n < 9 || n > 11 {
			t.Errorf("%d looks in ten pauses", n)
		}
		peer.acks(true)
		time.Sleep(receiptWait)
		program.expect(t, "acknowledged,", "3")
		looks = peer.looked()
		time.Sleep(time.Hour)
		if n := peer.looked() - looks; n > 0 {
			t.Errorf("%d looks while everything is confirmed", n)
		}
		give(t, c, 4, 4)
		program.expect(t, "just written,", "")
		give(t, c, 5, 6)
		program.expect(t, "when more is delivered", "4")
		peer.acks(false)
		time.Sleep(time.Second)
		c.CloseSend(bridge.ErrGoingAway)
		peer.acks(true)
		c.Close()
		time.Sleep(time.Second)
		program.expect(t, "after the end", "")
	})
}

// TestConfirmUnknown: where nothing is known of the client's system, what was written is
// confirmed, and so is the end.
func TestConfirmUnknown(t *testing.T) {
	t.Parallel()
	for name, proto := range map[string]int{"a strange connection": 1, "HTTP/2": 2} {
		synctest.Test(t, func(t *testing.T) {
			c, peer, program, _ := newAsked(t, proto, -1)
			peer.strange = proto == 1
			c.ConfirmTo(program)
			give(t, c, 1, 3)
			program.expect(t, name, "3")
			give(t, c, 4, 4)
			finish(c, exit3)
			program.expect(t, name, "4 end")
		})
	}
}

// TestConfirmEnd: the end is confirmed when the client's system has it.
func TestConfirmEnd(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		cause error
		first error // the conversation has ended before because of this
		ack   time.Duration
		wake  func(c *Client, end context.CancelCauseFunc) // after a second
		took  time.Duration
		heard string
	}{
		"at once":              {cause: exit3, heard: "2 end"},
		"later":                {cause: exit3, ack: 10*time.Second + 10*time.Millisecond, took: 10*time.Second + 55*time.Millisecond, heard: "2 end"},
		"never":                {cause: exit3, ack: time.Hour, took: 2 * interval},
		"no message":           {cause: &bridge.BrokenError{Reason: "cut"}, heard: "2 end"},
		"taken over":           {cause: &bridge.CloseWith{Code: 4409}, heard: "2"},
		"not waited for":       {cause: &bridge.CloseWith{Code: 4409}, ack: time.Hour},
		"left before":          {cause: exit3, first: errEnded, heard: "2"},
		"leaves":               {cause: exit3, ack: time.Hour, wake: func(_ *Client, end context.CancelCauseFunc) { end(errEnded) }, took: time.Second},
		"closed":               {cause: exit3, ack: time.Hour, wake: func(c *Client, _ context.CancelCauseFunc) { c.Close() }, took: time.Second},
		"server goes":          {cause: exit3, ack: time.Hour, wake: func(_ *Client, end context.CancelCauseFunc) { end(bridge.ErrGoingAway) }, took: time.Second + lastWait},
		"server goes, is told": {cause: exit3, ack: time.Second + 450*time.Millisecond, wake: func(_ *Client, end context.CancelCauseFunc) { end(bridge.ErrGoingAway) }, took: time.Second + 500*time.Millisecond, heard: "2 end"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c, peer, program, end := newAsked(t, 1, interval)
				give(t, c, 1, 2)
				if test.first != nil {
					end(test.first)
					<-c.Context().Done()
				}
				begin := time.Now()
				time.AfterFunc(test.ack, func() { peer.acks(true) })
				if test.ack == 0 {
					peer.acks(true)
				}
				var waking sync.WaitGroup
				if test.wake != nil {
					waking.Go(func() {
						time.Sleep(time.Second)
						test.wake(c, end)
					})
				}
				c.CloseSend(test.cause)
				if took := time.Since(begin); took != test.took {
					t.Errorf("it took %s, want %s", took, test.took)
				}
				waking.Wait()
				c.Close()
				program.expect(t, "at the end", test.heard)
				time.Sleep(2 * time.Hour) // its timers
			})
		})
	}
}
