package ws

import (
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"websocketd/libwebsocketd/internal/frame"
	"websocketd/libwebsocketd/internal/socket"
)

// errSilent is why a connection ends that neither sends nor takes anything.
var errSilent = errors.New("the client has been silent for two ping intervals")

// errHungUp is why a connection ends whose client is gone while its input waits.
var errHungUp = errors.New("the client is gone")

const (
	// probeInterval is how often a client whose input is held back is looked at.
	probeInterval = time.Second
	// pingCost is more than a ping and a pong cost on the wire, TLS included:
	// less than this acknowledged is not a client that takes output.
	pingCost = 128
)

// keepalive watches over the life of a client. Life is any byte received, and
// any of our own output taken; neither for two intervals is the end. Only the client's
// time counts: what a busy machine kept us from is taken off.
//
// While the program does not take the client's input we do not read, so silence
// means nothing. Then the client is looked at every second, and sent a pong
// nobody asked for (RFC 6455 section 5.5.3): it needs no answer, and a system
// whose client is gone answers it with a reset.
type keepalive struct {
	interval time.Duration // of pings; not positive: none
	conn     *conn
	send     func(opcode byte, payload []byte) error // of a control frame
	die      func(error)

	reading atomic.Bool  // somebody is in Receive
	holds   atomic.Int64 // how often input was taken, and so held back since

	atWork sync.WaitGroup // pings and pongs being written: that may block
	mu     sync.Mutex
	ended  bool
	pings  *time.Timer
	probes *time.Timer
	in     int64     // what had been received at the last look
	taken  int64     // what had been taken at the last look
	heard  time.Time // when there was life last, later by as much as our looks were late
	due    time.Time // when the next look is
	ping   time.Time // when the next ping is
	hold   int64     // which holding back the last probe met
	left   bool      // the client had said its last then
	still  time.Time
	probed int64 // what had been taken at the last probe
}

func (k *keepalive) start() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.probes = time.AfterFunc(time.Hour, k.probe)
	k.probes.Stop()
	if k.interval > 0 {
		now := time.Now()
		// The 101, which may still be on its way, is no life.
		k.in, k.taken = k.conn.in.Load(), k.conn.acknowledged()+int64(socket.Unsent(k.conn.Conn))
		k.heard, k.ping, k.due = now, now.Add(k.interval), now.Add(k.interval/looks)
		k.pings = time.AfterFunc(k.interval/looks, k.check)
	}
}

// stop returns when no check is at work and none will follow. The connection is
// closed by then, so that nothing is being written for long.
func (k *keepalive) stop() {
	k.mu.Lock()
	k.ended = true
	k.probes.Stop()
	if k.pings != nil {
		k.pings.Stop()
	}
	k.mu.Unlock()
	k.atWork.Wait()
}

// receiving and received bracket the time somebody waits for the client.
func (k *keepalive) receiving() { k.reading.Store(true) }

func (k *keepalive) received() {
	k.holds.Add(1)
	k.reading.Store(false)
	k.probes.Reset(probeInterval)
}

// looks is how often an interval is looked at, so that life is noticed whose time
// is not known otherwise. Another look is made when the client's time is over.
const looks = 2

// check is made at every look; every interval begins with a ping.
func (k *keepalive) check() {
	if k.look(time.Now()) {
		k.send(frame.OpPing, nil)
		k.atWork.Done()
	}
}

// look decides about the client. When it is true a ping is due; the next look
// does not wait for it, because a ping to a client that reads nothing blocks.
func (k *keepalive) look(now time.Time) (ping bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.ended {
		return false
	}
	k.listen(now)
	if now.Sub(k.heard) >= 2*k.interval {
		k.die(errSilent)
		return false
	}
	if ping = !now.Before(k.ping); ping {
		k.ping = now.Add(k.interval)
		k.atWork.Add(1)
	}
	wait := min(k.interval/looks, k.heard.Add(2*k.interval).Sub(now))
	k.due = now.Add(wait)
	k.pings.Reset(wait)
	return ping
}

// listen notes life since the last look. That this look is late is no silence of
// the client's, and neither is what has arrived and waits for us to be read.
func (k *keepalive) listen(now time.Time) {
	late := max(now.Sub(k.due), 0)
	k.heard = k.heard.Add(late)
	in, taken := k.conn.in.Load(), k.conn.acknowledged()
	switch {
	case in != k.in:
		since := max(socket.SinceReceived(k.conn.Conn)-late, 0)
		k.heard = now.Add(-min(since, now.Sub(k.heard)))
	case taken-k.taken > pingCost, !k.reading.Load(), socket.HasUnread(k.conn.Conn):
		k.heard = now
	}
	k.in, k.taken = in, taken
}

// probe is made every second while input is held back, and a second after the last
// that has come.
func (k *keepalive) probe() {
	if k.lookAfter() {
		k.send(frame.OpPong, nil)
		k.atWork.Done()
	}
}

// lookAfter reports whether a pong is due.
func (k *keepalive) lookAfter() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.ended {
		return false
	}
	if hold := k.holds.Load(); hold != k.hold {
		k.hold, k.left, k.still = hold, false, time.Time{}
	}
	gone, leaving := socket.HungUp(k.conn.Conn)
	if k.reading.Load() {
		k.lookAtWaiting(gone)
		return false
	}
	if gone || leaving && k.left || k.stalled() {
		k.die(errHungUp)
		return false
	}
	k.left = leaving
	k.probes.Reset(probeInterval)
	k.atWork.Add(1)
	return true
}

// lookAtWaiting ends a connection that was reset in the same moment as the last bytes
// came, of which nothing wakes the reader (stay.go). One that has not got round to
// reading yet is given a second.
func (k *keepalive) lookAtWaiting(gone bool) {
	if gone && k.left {
		k.die(errHungUp)
	} else if k.left = gone; gone {
		k.probes.Reset(probeInterval)
	}
}

// stalled reports whether not one of our probes has arrived for two intervals.
func (k *keepalive) stalled() bool {
	now, taken := time.Now(), k.conn.acknowledged()
	if k.still.IsZero() || taken != k.probed {
		k.still, k.probed = now, taken
	}
	return k.interval > 0 && now.Sub(k.still) >= 2*k.interval
}
