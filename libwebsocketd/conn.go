package libwebsocketd

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// conn is the connection under gorilla. Data frames are made here, a whole batch
// to a write; what gorilla writes itself are control frames, and they never wait
// for a client that does not read: while a batch is being written they are put
// aside, and whoever writes takes them along.
type conn struct {
	net.Conn
	replay   []byte // read ahead by net/http, to be read again
	upgraded bool   // the 101 is written; from here on there are frames

	in  atomic.Int64 // bytes received
	out atomic.Int64 // bytes the kernel has taken

	lingering atomic.Bool
	patience  time.Duration // how long a lingering client may take nothing of what it was sent
	queued    int           // what was still on its way when the reader last looked
	moved     time.Time     // when that changed

	writing sync.Mutex // holds the right to write
	buf     []byte
	middle  bool // a fragmented message is under way

	controls sync.Mutex
	control  []byte // control frames put aside
	finished bool   // a close frame was given: no data may follow it (RFC 6455 section 5.5.1)
}

// maxControl bounds the control frames put aside: a client that only sends
// pings and never reads loses pongs.
const maxControl = 4 << 10

// largePayload is written from where it lies instead of being copied.
const largePayload = 16 << 10

var errFinished = errors.New("the conversation is over")

// Read gives gorilla what the client sends, and keeps a lingering connection
// open as long as the client still takes what it was sent.
func (c *conn) Read(b []byte) (int, error) {
	if len(c.replay) > 0 {
		n := copy(b, c.replay)
		c.replay = c.replay[n:]
		c.in.Add(int64(n))
		return n, nil
	}
	n, err := c.Conn.Read(b)
	for n == 0 && errors.Is(err, os.ErrDeadlineExceeded) && c.stillTakes() {
		c.Conn.SetReadDeadline(time.Now().Add(lingerWait))
		n, err = c.Conn.Read(b)
	}
	c.in.Add(int64(n))
	return n, err
}

// stillTakes reports whether a lingering connection has output on its way to a
// client that may yet take it.
func (c *conn) stillTakes() bool {
	if !c.lingering.Load() {
		return false
	}
	queued := c.unsent()
	if now := time.Now(); queued != c.queued || c.moved.IsZero() {
		c.queued, c.moved = queued, now
	}
	return queued > 0 && time.Since(c.moved) < c.patience
}

// Write takes the 101, and then one control frame at a time, from gorilla.
func (c *conn) Write(frame []byte) (int, error) {
	if !c.upgraded {
		return c.Conn.Write(frame)
	}
	c.controls.Lock()
	isClose := frame[0]&0x0f == 8
	if isClose || len(c.control)+len(frame) <= maxControl {
		c.control = append(c.control, frame...)
	}
	c.finished = c.finished || isClose
	c.controls.Unlock()
	if c.writing.TryLock() {
		return len(frame), c.unlock(nil)
	}
	return len(frame), nil // the writer takes it along
}

// SetWriteDeadline is gorilla's, for its control frames. Ours are the only
// deadlines: one for a control frame must not cut a batch short.
func (c *conn) SetWriteDeadline(t time.Time) error {
	if c.upgraded {
		return nil
	}
	return c.Conn.SetWriteDeadline(t)
}

// send writes a batch of messages as frames.
func (c *conn) send(batch []Message) error {
	c.writing.Lock()
	if c.isFinished() {
		return c.unlock(errFinished)
	}
	return c.unlock(c.sendLocked(batch))
}

func (c *conn) isFinished() bool {
	c.controls.Lock()
	defer c.controls.Unlock()
	return c.finished
}

func (c *conn) sendLocked(batch []Message) error {
	for _, m := range batch {
		c.buf = appendHeader(c.buf, m, c.middle)
		c.middle = m.More
		if len(m.Data) >= largePayload {
			if err := c.flush(m.Data); err != nil {
				return err
			}
			continue
		}
		c.buf = append(c.buf, m.Data...)
		if len(c.buf) >= chunkSize {
			if err := c.flush(nil); err != nil {
				return err
			}
		}
	}
	return c.flush(nil)
}

// flush writes the buffer and, behind it, payload.
func (c *conn) flush(payload []byte) error {
	var n int64
	var err error
	switch {
	case len(payload) > 0:
		both := net.Buffers{c.buf, payload}
		n, err = both.WriteTo(c.Conn)
	case len(c.buf) > 0:
		var written int
		written, err = c.Conn.Write(c.buf)
		n = int64(written)
	}
	c.out.Add(n)
	c.buf = c.buf[:0]
	return err
}

// unlock writes the control frames put aside and gives the right to write back.
// One that is put aside in the very last moment is seen by the second look.
func (c *conn) unlock(err error) error {
	for {
		if taken := c.takeControl(); len(taken) > 0 && (err == nil || err == errFinished) {
			n, failed := c.Conn.Write(taken)
			c.out.Add(int64(n))
			if failed != nil {
				err = failed
			}
		}
		c.writing.Unlock()
		c.controls.Lock()
		more := len(c.control) > 0
		c.controls.Unlock()
		if !more || !c.writing.TryLock() {
			return err
		}
	}
}

func (c *conn) takeControl() []byte {
	c.controls.Lock()
	defer c.controls.Unlock()
	taken := c.control
	c.control = nil
	return taken
}

// settle returns when everything put aside is written, or cannot be.
func (c *conn) settle() error {
	c.writing.Lock()
	return c.unlock(nil)
}

// lingerWait is how long we wait, after our last word, for the client's.
const lingerWait = 5 * time.Second

// finish ends our half: what is being written gets wait to get through, then
// nothing follows. Reading goes on for wait, and longer only while output is on
// its way to a client that takes some of it now and then: closing earlier, with
// input unread, would destroy it (RFC 9293 section 3.6.1).
func (c *conn) finish(wait, patience time.Duration) {
	c.controls.Lock()
	first := !c.lingering.Load()
	c.finished = true
	if first {
		c.patience = patience
	}
	c.lingering.Store(true)
	c.controls.Unlock()
	if first {
		deadline := time.Now().Add(wait)
		c.Conn.SetWriteDeadline(deadline)
		c.Conn.SetReadDeadline(deadline)
	}
	c.writing.Lock()
	c.unlock(errFinished)
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		half.CloseWrite()
	}
}

// discard reads until the client has closed its half, or time is up.
func (c *conn) discard() {
	io.Copy(io.Discard, onlyReader{c})
}

// onlyReader hides everything else io.Copy might find.
type onlyReader struct{ io.Reader }

// appendHeader appends the header of an unmasked frame (RFC 6455 section 5.2).
func appendHeader(b []byte, m Message, middle bool) []byte {
	first := byte(m.Kind)
	if middle {
		first = 0 // continuation
	}
	if !m.More {
		first |= 0x80
	}
	switch n := len(m.Data); {
	case n < 126:
		return append(b, first, byte(n))
	case n < 1<<16:
		return binary.BigEndian.AppendUint16(append(b, first, 126), uint16(n))
	default:
		return binary.BigEndian.AppendUint64(append(b, first, 127), uint64(n))
	}
}
