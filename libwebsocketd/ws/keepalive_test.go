package ws

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"

	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/internal/frame"
)

// watched is a keepalive over a connection in memory, in a synctest bubble.
type watched struct {
	keepalive
	pinged, ponged atomic.Int32
	stuck          atomic.Bool // pings and pongs are put aside, nothing is taken
	died           chan error
	began          time.Time
}

const pingEvery = 10 * time.Second

func watch(t *testing.T, interval time.Duration) *watched {
	_, server := net.Pipe()
	w := &watched{died: make(chan error, 1), began: time.Now()}
	w.interval = interval
	w.conn = &conn{Conn: server}
	w.send = w.write
	w.die = func(err error) {
		select {
		case w.died <- err:
		default: // dead already
		}
	}
	w.start()
	w.receiving()
	t.Cleanup(func() { w.stop() })
	return w
}

func (w *watched) write(opcode byte, _ []byte) error {
	map[byte]*atomic.Int32{frame.OpPing: &w.pinged, frame.OpPong: &w.ponged}[opcode].Add(1)
	if !w.stuck.Load() {
		w.conn.out.Add(2)
	}
	return nil
}

// later lets time pass.
func (w *watched) later(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

func (w *watched) mustLive(t *testing.T, when string) {
	t.Helper()
	synctest.Wait()
	select {
	case err := <-w.died:
		t.Fatalf("%s: dead after %s: %v", when, time.Since(w.began), err)
	default:
	}
}

// mustDie checks how long from since on the end took: two intervals to the moment,
// where the time of the last life is known.
func (w *watched) mustDie(t *testing.T, since time.Time, want error) {
	t.Helper()
	w.mustDieWithin(t, since, 0, want)
}

// mustDieWithin does what mustDie does, where the end comes only at the next look.
func (w *watched) mustDieWithin(t *testing.T, since time.Time, more time.Duration, want error) {
	t.Helper()
	select {
	case err := <-w.died:
		if took := time.Since(since); took < 2*w.interval || took > 2*w.interval+more {
			t.Errorf("dead after %s, the interval is %s", took, w.interval)
		}
		if err != want {
			t.Errorf("dead because %v, want %v", err, want)
		}
	case <-time.After(10 * w.interval):
		t.Errorf("alive after %s", time.Since(since))
	}
}

// bubble runs a test with a clock of its own (synctest).
func bubble(t *testing.T, name string, f func(t *testing.T)) {
	t.Run(name, func(t *testing.T) { synctest.Test(t, f) })
}

// TestLife checks what counts as a sign of life, and what does not.
func TestLife(t *testing.T) {
	bubble(t, "silence, though pings are taken", func(t *testing.T) {
		w := watch(t, pingEvery)
		w.mustDie(t, w.began, errSilent)
		if n := w.pinged.Load(); n < 1 || n > 2 {
			t.Errorf("pinged %d times in two intervals", n)
		}
	})
	bubble(t, "a byte", func(t *testing.T) {
		w := watch(t, pingEvery)
		for range 20 {
			w.later(pingEvery * 19 / 10)
			w.conn.in.Add(1)
			w.mustLive(t, "a byte every 1.9 intervals")
		}
		w.mustDieWithin(t, time.Now(), pingEvery/looks, errSilent)
	})
	bubble(t, "output taken", func(t *testing.T) {
		w := watch(t, pingEvery)
		for range 20 {
			w.later(pingEvery * 19 / 10)
			w.conn.out.Add(pingCost + 1)
			w.mustLive(t, "output taken every 1.9 intervals")
		}
		w.mustDieWithin(t, time.Now(), pingEvery/looks, errSilent)
	})
	bubble(t, "output taken before the first look", func(t *testing.T) {
		w := watch(t, pingEvery)
		w.stuck.Store(true)
		w.later(pingEvery/2 - time.Second)
		w.conn.out.Add(pingCost + 1)
		w.mustDieWithin(t, time.Now(), pingEvery/looks, errSilent)
	})
	bubble(t, "our own lateness", func(t *testing.T) {
		w := watch(t, pingEvery)
		late := w.due.Add(5 * pingEvery)
		if w.look(late) {
			w.atWork.Done() // the ping
		}
		w.mustLive(t, "five intervals late")
		if left := w.heard.Add(2 * pingEvery).Sub(late); left != pingEvery*3/2 {
			t.Errorf("it has %s left, of two intervals half an interval is over", left)
		}
	})
	bubble(t, "pings go on", func(t *testing.T) {
		w := watch(t, pingEvery)
		for range 100 {
			w.later(pingEvery)
			w.conn.in.Add(6) // a pong
		}
		w.mustLive(t, "a client that answers")
		if n := w.pinged.Load(); n < 99 || n > 101 {
			t.Errorf("%d pings in 100 intervals", n)
		}
	})
	bubble(t, "no pings wanted", func(t *testing.T) {
		w := watch(t, -1)
		w.later(time.Hour)
		w.mustLive(t, "without pings")
		w.received()
		w.later(time.Hour)
		w.mustLive(t, "held back without pings")
		if w.pinged.Load() != 0 {
			t.Error("pinged")
		}
	})
	bubble(t, "stopped", func(t *testing.T) {
		w := watch(t, pingEvery)
		w.received()
		w.stop()
		w.later(time.Hour)
		w.mustLive(t, "stopped")
		if w.pinged.Load()+w.ponged.Load() != 0 {
			t.Error("pinged or probed after the stop")
		}
	})
}

// TestHeldBack: while the program does not take the client's input its silence
// means nothing, and it is looked at every second.
func TestHeldBack(t *testing.T) {
	bubble(t, "silence means nothing", func(t *testing.T) {
		w := watch(t, pingEvery)
		w.later(pingEvery * 3 / 2)
		w.received()
		w.later(100 * pingEvery)
		w.mustLive(t, "held back")
		if n := time.Duration(w.ponged.Load()); n < 99*pingEvery/probeInterval || n > 101*pingEvery/probeInterval {
			t.Errorf("probed %d times in %s", n, 100*pingEvery)
		}
		if n := w.pinged.Load(); n < 100 {
			t.Errorf("pinged %d times in %s: pings go on", n, 100*pingEvery)
		}
		w.receiving()
		again := time.Now()
		probed := w.ponged.Load()
		w.mustDieWithin(t, again, pingEvery/looks, errSilent)
		if w.ponged.Load() != probed {
			t.Error("probed while somebody receives")
		}
	})
	bubble(t, "short waits are no reason to probe", func(t *testing.T) {
		w := watch(t, pingEvery)
		for range 100 {
			w.received()
			w.later(probeInterval * 9 / 10)
			w.receiving()
			w.conn.in.Add(1)
			w.later(probeInterval * 9 / 10)
		}
		if n := w.ponged.Load(); n != 0 {
			t.Errorf("probed %d times", n)
		}
		w.mustLive(t, "busy")
	})
	bubble(t, "no probe arrives", func(t *testing.T) {
		w := watch(t, pingEvery)
		w.stuck.Store(true)
		w.received()
		w.mustDieWithin(t, w.began.Add(probeInterval), probeInterval, errHungUp)
	})
	bubble(t, "a byte in between is life", func(t *testing.T) {
		w := watch(t, pingEvery)
		w.stuck.Store(true) // the client sends, and takes nothing
		for range 20 {
			w.received()
			w.later(probeInterval * 3 / 2)
			w.receiving()
			w.conn.in.Add(1)
			w.later(pingEvery)
			w.mustLive(t, "held back now and then")
		}
	})
}

// TestSilentClient: the whole endpoint notices, and unblocks a ping that the client does
// not read.
func TestSilentClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := pipePair(t)
		w := p.endpoint(t, Options{PingInterval: pingEvery})
		began := time.Now()
		_, err := w.Receive()
		if took := time.Since(began); took != 2*pingEvery {
			t.Errorf("Receive took %s, not two intervals", took)
		}
		if cause := w.Context().Err(); cause == nil || err == nil {
			t.Errorf("Receive: %v, Context: %v", err, cause)
		}
		w.Close()
	})
}

// heldClose is a connection whose Close waits.
type heldClose struct {
	net.Conn
	closing, release chan struct{}
	once             sync.Once
}

func (c *heldClose) Close() error {
	c.once.Do(func() {
		close(c.closing)
		<-c.release
	})
	return c.Conn.Close()
}

// TestSilentClientIsToldNothing: not even by a conversation that ends before the connection
// is closed. A client that was only cut off is not told that its program was lost.
func TestSilentClientIsToldNothing(t *testing.T) {
	t.Parallel()
	client, server := net.Pipe()
	held := &heldClose{Conn: server, closing: make(chan struct{}), release: make(chan struct{})}
	p := newPair(t, client, held)
	w := p.endpoint(t, Options{})
	var all sync.WaitGroup
	all.Go(func() { w.die(errSilent) })
	all.Go(func() {
		if got, _ := io.ReadAll(p.wire); len(got) > 0 {
			t.Errorf("the client is sent %q", got)
		}
	})
	<-held.closing
	w.CloseSend(context.Cause(w.Context()))
	close(held.release)
	all.Wait()
}

// TestAnsweringClient: a client of gorilla's that only answers pings stays.
func TestAnsweringClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := pipePair(t)
		w := p.endpoint(t, Options{PingInterval: pingEvery})
		received := make(chan error, 2)
		go func() {
			_, err := w.Receive()
			received <- err
		}()
		go func() {
			_, _, err := p.client.ReadMessage()
			received <- err
		}()
		select {
		case err := <-received:
			t.Errorf("ended: %v", err)
		case <-time.After(100 * pingEvery):
		}
		w.Close()
		<-received
		<-received
	})
}

// TestTalkingClient: a client that sends messages and answers no ping stays as well, until
// it is silent.
func TestTalkingClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := pipePair(t)
		w := p.endpoint(t, Options{PingInterval: pingEvery})
		go io.Copy(io.Discard, p.wire)
		ended := make(chan error, 1)
		count := 0
		go func() {
			for {
				batch, err := w.Receive()
				if err != nil {
					ended <- err
					return
				}
				count += len(batch)
			}
		}()
		for range 50 {
			if err := p.client.WriteMessage(websocket.TextMessage, []byte("x")); err != nil {
				t.Fatal(err)
			}
			select {
			case err := <-ended:
				t.Fatalf("ended after %d messages: %v", count, err)
			case <-time.After(pingEvery * 3 / 2):
			}
		}
		last := time.Now()
		err := <-ended
		if took := time.Since(last); took > 3*pingEvery {
			t.Errorf("ended only after %s of silence", took)
		}
		var closed *bridge.CloseError
		if !errors.As(err, &closed) && err != errSilent || count != 50 {
			t.Errorf("%d messages, %v", count, err)
		}
		w.Close()
	})
}
