package ws

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/gate"
)

// throttled is a client whose messages are held back, in a synctest bubble.
type throttled struct {
	*pair
	endpoint *Endpoint
	began    time.Time
	came     chan string    // each message, with when it came
	ended    chan error     // of Receive
	answers  chan wireFrame // what the client is sent
}

func throttle(t *testing.T, n int, per time.Duration, o Options) *throttled {
	o.Throttle = gate.Rate{N: n, Per: per}.Throttle()
	return newThrottled(t, o, (*throttled).receive)
}

// receive receives to the end.
func (c *throttled) receive() { c.ended <- c.endpoint.ReceiveEach(c.take) }

func (c *throttled) take(batch []bridge.Message) {
	for _, m := range batch {
		c.came <- fmt.Sprintf("%s at %s", m.Data, time.Since(c.began).Round(time.Millisecond))
	}
}

// newThrottled returns a client from whom receive receives.
func newThrottled(t *testing.T, o Options, receive func(*throttled)) *throttled {
	p := pipePair(t)
	o.PingInterval = pingEvery
	c := &throttled{pair: p, endpoint: p.endpoint(t, o), began: time.Now(),
		came: make(chan string, 1000), ended: make(chan error, 1), answers: make(chan wireFrame, 10_000)}
	go receive(c)
	go func() {
		for {
			f, err := readFrame(t, p.wire)
			if err != nil {
				return
			}
			c.answers <- f
		}
	}()
	t.Cleanup(func() {
		c.endpoint.Close()
		p.wire.Close()
		synctest.Wait()
	})
	return c
}

// send sends frames, as far as they are taken.
func (c *throttled) send(frames ...string) {
	go c.wire.Write(clientFrames(frames...))
	synctest.Wait()
}

// expect checks what has come by now.
func (c *throttled) expect(t *testing.T, want ...string) {
	t.Helper()
	synctest.Wait()
	var got []string
	for len(c.came) > 0 {
		got = append(got, <-c.came)
	}
	if strings.Join(got, ", ") != strings.Join(want, ", ") {
		t.Errorf("came %q, want %q", got, want)
	}
}

// answered checks what the client was sent by now, but for our own pings and pongs.
func (c *throttled) answered(t *testing.T, want ...string) {
	t.Helper()
	synctest.Wait()
	var got []string
	for len(c.answers) > 0 {
		if f := <-c.answers; f.payload != "" {
			got = append(got, f.payload)
		}
	}
	if strings.Join(got, ", ") != strings.Join(want, ", ") {
		t.Errorf("answered %q, want %q", got, want)
	}
}

// TestThrottle: messages that are sent at once come as fast as they may, in order, none is
// lost, and what is no message is not held back by itself.
func TestThrottle(t *testing.T) {
	bubble(t, "messages", func(t *testing.T) {
		c := throttle(t, 2, time.Second, Options{})
		c.send(aText+"a", aText+"b", aText+"c", aText+"d")
		c.expect(t, "a at 0s", "b at 0s")
		time.Sleep(time.Second)
		c.expect(t, "c at 500ms", "d at 1s")
		time.Sleep(pingEvery)
		c.send(aText+"e", aText+"f", aText+"g")
		c.expect(t, "e at 11s", "f at 11s")
	})
	bubble(t, "fragments are one message", func(t *testing.T) {
		c := throttle(t, 1, time.Second, Options{})
		c.send(textBegin+"a", textMore+"b", textEnd+"c", textBegin+"d", textEnd+"e")
		c.expect(t, "abc at 0s")
		time.Sleep(time.Second)
		c.expect(t, "de at 1s")
	})
	bubble(t, "ignored ones count", func(t *testing.T) {
		c := throttle(t, 1, time.Second, Options{})
		c.send(aBinary+"x", aText+"a", aBinary+"x", aText+"b")
		time.Sleep(time.Minute)
		c.expect(t, "a at 1s", "b at 3s")
	})
	bubble(t, "pieces of a message are one", func(t *testing.T) {
		c := throttle(t, 1, time.Second, Options{MaxMessage: -1})
		c.send(textBegin + "a")
		c.send(textMore + "b")
		c.send(textEnd+"c", aText+"d")
		time.Sleep(time.Minute)
		c.expect(t, "a at 0s", "b at 0s", "c at 0s", "d at 1s")
	})
	bubble(t, "pings are answered", func(t *testing.T) {
		c := throttle(t, 1, time.Hour, Options{})
		c.send(aText + "a")
		c.send(aPing+"one", aPing+"two", aText+"b", aPing+"three")
		c.expect(t, "a at 0s")
		c.answered(t, "one", "two")
		time.Sleep(time.Hour)
		c.expect(t, "b at 1h0m0s")
		c.answered(t, "three")
	})
	bubble(t, "a close frame is answered after the messages before it", func(t *testing.T) {
		c := throttle(t, 1, time.Second, Options{})
		c.send(aText+"a", aText+"b", aText+"c", aClose+"\x0f\xa1")
		c.answered(t)
		time.Sleep(2 * time.Second)
		c.expect(t, "a at 0s", "b at 1s", "c at 2s")
		c.answered(t, "\x0f\xa1")
		c.wire.Close()
		if err := <-c.ended; err == nil || !strings.Contains(err.Error(), "4001") {
			t.Errorf("it ended with %v", err)
		}
	})
}

// TestAdopt: what a Dialect learns of its client later than at the handshake holds from then
// on: how fast messages may pass, and who is told that the client leaves.
func TestAdopt(t *testing.T) {
	var left atomic.Int32
	adopting := func(throttle *gate.Throttle) func(c *throttled) {
		return func(c *throttled) {
			batch, _ := c.endpoint.Receive()
			c.take(batch)
			c.endpoint.Adopt(nil, func() { t.Error("the one before is told, too") })
			c.endpoint.Adopt(throttle, func() { left.Add(1) })
			c.endpoint.Adopt(nil, nil)
			c.receive()
		}
	}
	bubble(t, "it is held back and leaves", func(t *testing.T) {
		c := newThrottled(t, Options{}, adopting(gate.Rate{N: 1, Per: time.Second}.Throttle()))
		c.send(aText + "call")
		c.send(aText+"a", aText+"b", aText+"c")
		time.Sleep(2 * time.Second)
		c.expect(t, "call at 0s", "a at 0s", "b at 1s", "c at 2s")
		if left.Load() > 0 {
			t.Error("it has not left")
		}
		c.send(aClose + "\x0f\xa1")
		c.answered(t, "\x0f\xa1")
		c.wire.Close()
		<-c.ended
		if left.Load() == 0 {
			t.Error("nobody is told that it leaves")
		}
	})
	bubble(t, "the end does not wait for what is held back", func(t *testing.T) {
		c := newThrottled(t, Options{}, adopting(gate.Rate{N: 1, Per: 24 * time.Hour}.Throttle()))
		c.send(aText + "call")
		c.send(aText+"a", aText+"b")
		c.endpoint.CloseSend(nil)
		<-c.ended
		if took := time.Since(c.began); took > lingerWait {
			t.Errorf("it is over after %s", took)
		}
		c.expect(t, "call at 0s", "a at 0s")
	})
	bubble(t, "without a rate", func(t *testing.T) {
		c := newThrottled(t, Options{}, adopting(nil))
		c.send(aText + "call")
		c.send(aText+"a", aText+"b", aText+"c")
		c.expect(t, "call at 0s", "a at 0s", "b at 0s", "c at 0s")
	})
}

// TestThrottleIsAlive: a client that waits for its turn is not silent, and one that has
// nothing to send is.
func TestThrottleIsAlive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := throttle(t, 1, time.Hour, Options{})
		c.send(aText+"a", aText+"b")
		time.Sleep(time.Hour)
		c.expect(t, "a at 0s", "b at 1h0m0s")
		pongs := 0
		for len(c.answers) > 0 {
			if f := <-c.answers; f.first == 0x8a {
				pongs++
			}
		}
		if pongs < 3500 {
			t.Errorf("the client was looked after %d times", pongs)
		}
		<-c.ended
		if at := time.Since(c.began) - time.Hour; at < pingEvery || at > 3*pingEvery {
			t.Errorf("the silent client was left after %s", at)
		}
	})
}

// TestThrottleEnds: what is held back does not keep a conversation that is over.
func TestThrottleEnds(t *testing.T) {
	for name, end := range map[string]func(c *throttled, leave func()){
		"the program has ended": func(c *throttled, _ func()) { c.endpoint.CloseSend(nil) },
		"a refusal": func(c *throttled, _ func()) {
			c.endpoint.CloseSend(&bridge.RefusedError{Code: 4000, Reason: "kicked"})
		},
		"the connection is closed": func(c *throttled, _ func()) { c.endpoint.Close() },
		"the server goes away": func(c *throttled, leave func()) {
			leave()
			synctest.Wait()
			c.endpoint.CloseSend(bridge.ErrGoingAway)
		},
	} {
		bubble(t, name, func(t *testing.T) {
			c := throttle(t, 1, 24*time.Hour, Options{})
			ctx, leave := context.WithCancel(t.Context())
			defer leave()
			context.AfterFunc(ctx, func() { c.endpoint.cancel(bridge.ErrGoingAway) })
			c.send(aText+"a", aText+"b")
			end(c, leave)
			<-c.ended
			if took := time.Since(c.began); took > lingerWait {
				t.Errorf("it is over after %s", took)
			}
			c.expect(t, "a at 0s")
		})
	}
}
