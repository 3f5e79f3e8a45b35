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
var errSilent = errors.New("the other side has been silent for two ping intervals")

// errHungUp is why a connection ends whose client is gone while its input waits.
var errHungUp = errors.New("the other side is gone")

const (
	// probeInterval is how often a client whose input is held back is checked.
	probeInterval = time.Second
	// pingCost is more than a ping and a pong cost on the wire, TLS included:
	// less than this acknowledged is not a client that takes output.
	pingCost = 128
)

// keepalive ends the connection of a dead client. Life is any byte received, or any of
// our output acknowledged; two intervals without either are the end. Only the client's
// time counts: time that a busy machine took from us is subtracted.
//
// While the program does not read the client's input we do not read it either, so
// silence means nothing. Then the client is checked every second, and sent an
// unsolicited pong (RFC 6455 section 5.5.3). It needs no answer, and a system whose
// client is gone answers it with a reset.
type keepalive struct {
	interval time.Duration // of pings; not positive: none
	conn     *conn
	send     func(opcode byte, payload []byte) error // of a control frame
	die      func(error)

	reading atomic.Bool  // a goroutine is waiting in Receive
	holds   atomic.Int64 // how often input was received; since the last time it is held back

	atWork sync.WaitGroup // pings and pongs being written: that may block
	mu     sync.Mutex
	ended  bool
	pings  *time.Timer
	probes *time.Timer
	in     int64     // bytes received at the last look
	taken  int64     // bytes acknowledged at the last look
	heard  time.Time // the last sign of life, later by as much as our looks were late
	due    time.Time // of the next look
	ping   time.Time // of the next ping
	hold   int64     // value of holds at the last probe
	left   bool      // at the last probe the client had closed its half, or was gone
	still  time.Time // when probed last changed
	probed int64     // bytes acknowledged at the last probe
}

func (k *keepalive) start() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.probes = time.AfterFunc(time.Hour, k.probe)
	k.probes.Stop()
	if k.interval > 0 {
		now := time.Now()
		// The acknowledgment of the 101, perhaps still in flight, is no sign of life.
		k.in, k.taken = k.conn.in.Load(), k.conn.acknowledged()+int64(socket.Unsent(k.conn.Conn))
		k.heard, k.ping, k.due = now, now.Add(k.interval), now.Add(k.interval/looks)
		k.pings = time.AfterFunc(k.interval/looks, k.check)
	}
}

// stop stops the timers and returns when no check is running. The connection must be
// closed before, so that no write blocks it for long.
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

// receiving and received bracket the time in which a goroutine waits for the client.
func (k *keepalive) receiving() { k.reading.Store(true) }

func (k *keepalive) received() {
	k.holds.Add(1)
	k.reading.Store(false)
	k.probes.Reset(probeInterval)
}

// looks is how many looks there are in an interval, so that signs of life are noticed
// whose time is not known otherwise. One more is made when the client's time is over.
const looks = 2

// check looks at the client, and sends a ping at the beginning of every interval.
func (k *keepalive) check() {
	if k.look(time.Now()) {
		k.send(frame.OpPing, nil)
		k.atWork.Done()
	}
}

// look ends the connection of a client that was silent for too long, or sets the timer
// for the next look. It reports whether a ping is due. The timer runs before the ping
// is sent, because a ping to a client that reads nothing blocks.
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

// listen records signs of life since the last look. A late look is not the client's
// silence, and neither is input that has arrived but that we have not read yet.
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

// probe sends a pong if one is due. It runs every second while input is held back, and
// a second after the last input.
func (k *keepalive) probe() {
	if k.lookAfter() {
		k.send(frame.OpPong, nil)
		k.atWork.Done()
	}
}

// lookAfter ends the connection of a client that is gone, or sets the timer for the next
// probe. It reports whether a pong is due.
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
// came: nothing wakes its reader (readbuf's stay.go). A reader that has not come to
// reading yet gets one more second.
func (k *keepalive) lookAtWaiting(gone bool) {
	if gone && k.left {
		k.die(errHungUp)
	} else if k.left = gone; gone {
		k.probes.Reset(probeInterval)
	}
}

// stalled reports whether no probe was acknowledged for two intervals.
func (k *keepalive) stalled() bool {
	now, taken := time.Now(), k.conn.acknowledged()
	if k.still.IsZero() || taken != k.probed {
		k.still, k.probed = now, taken
	}
	return k.interval > 0 && now.Sub(k.still) >= 2*k.interval
}
