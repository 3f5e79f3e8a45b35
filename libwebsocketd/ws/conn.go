package ws

import (
	"errors"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/internal/frame"
	"websocketd/libwebsocketd/internal/readbuf"
	"websocketd/libwebsocketd/internal/socket"
)

// conn is an upgraded connection: frames go out, bytes come in. Data frames are
// written a whole batch at a time. Control frames never wait for a client that
// does not read: while a batch is being written they are put aside, and the
// goroutine that writes it also writes them.
type conn struct {
	net.Conn
	replay []byte // read ahead by net/http, to be read again
	source readbuf.Source
	masks  bool // we are the client: what we send is masked, and what comes is not

	in  atomic.Int64 // bytes received
	out atomic.Int64 // bytes the kernel has accepted

	staying, closed atomic.Bool

	lingering atomic.Bool
	patience  time.Duration // how long a lingering client may acknowledge none of its output
	queued    int           // bytes not acknowledged when the reader last checked
	moved     time.Time     // when queued last changed

	writing sync.Mutex  // holds the right to write
	middle  bool        // a fragmented message is under way
	vector  [2][]byte   // of a write from two places
	rest    net.Buffers // of such a write, as WriteTo consumes it

	controls sync.Mutex
	control  []byte // control frames put aside
	last     []byte // data frames that are written with the close frame
	finished bool   // a close frame was queued or sent: no data may follow it (RFC 6455 section 5.5.1)
}

const (
	// maxControl bounds the control frames put aside: a client that only sends
	// pings and never reads loses pongs.
	maxControl = 4 << 10
	// mostUnsent is more than one write, so that a client that reads never waits until
	// our writer is woken.
	mostUnsent = 4 * readbuf.BlockSize
	// largePayload is written from where it lies instead of being copied.
	largePayload = 16 << 10
	// frameRoom is the most that is copied for one write: a block of lines of ten
	// bytes, with a header for each.
	frameRoom = readbuf.BlockSize + largePayload
)

// frames is a pool of memory to put frames into, held only while a batch is written.
var frames = sync.Pool{New: func() any { return new([frameRoom]byte) }}

// ErrFinished is the error of a Send of which nothing was written: a close frame was sent,
// and nothing may follow it.
var ErrFinished = errors.New("the conversation is over")

func newConn(c net.Conn, replay []byte) *conn {
	return &conn{Conn: c, replay: replay, source: readbuf.NewSource(c)}
}

// ReadInto implements readbuf.Source. It keeps a lingering connection open as long as
// the client still acknowledges output.
func (c *conn) ReadInto(in *readbuf.Buffer) (n int, err error) {
	if len(c.replay) > 0 {
		n = copy(in.Space(), c.replay)
		c.replay = c.replay[n:]
	} else {
		n, err = c.source.ReadInto(in)
	}
	for n == 0 && errors.Is(err, os.ErrDeadlineExceeded) && c.stillTakes() {
		c.Conn.SetReadDeadline(time.Now().Add(lingerWait))
		n, err = c.source.ReadInto(in)
	}
	c.in.Add(int64(n))
	return n, err
}

// Stay calls use for what arrives, without leaving the wait (see readbuf.Stay).
func (c *conn) Stay(use func() (leave bool)) {
	c.staying.Store(true)
	if !c.closed.Load() {
		readbuf.Stay(c.source, use)
	}
	c.staying.Store(false)
	if c.closed.Load() {
		c.Conn.Close()
	}
}

// Close breaks the connection. While a goroutine is in Stay, perhaps busy with what it
// read, Close only shuts both halves down, and Stay closes the rest. The Close of
// [net.Conn] would wait for that goroutine.
func (c *conn) Close() error {
	c.closed.Store(true)
	if tcp, ok := c.Conn.(*net.TCPConn); ok && c.staying.Load() {
		return errors.Join(tcp.CloseRead(), tcp.CloseWrite())
	}
	return c.Conn.Close()
}

// acknowledged returns a count that grows when the client acknowledges output.
func (c *conn) acknowledged() int64 { return socket.Acknowledged(c.Conn, c.out.Load()) }

// boundUnsent limits what the system buffers to mostUnsent bytes.
func (c *conn) boundUnsent() { socket.BoundUnsent(c.Conn, mostUnsent) }

// stillTakes reports whether a lingering connection has output in flight to a client
// that may still acknowledge it.
func (c *conn) stillTakes() bool {
	if !c.lingering.Load() {
		return false
	}
	queued := socket.Unsent(c.Conn)
	if now := time.Now(); queued != c.queued || c.moved.IsZero() {
		c.queued, c.moved = queued, now
	}
	return queued > 0 && time.Since(c.moved) < c.patience
}

// sendControl writes a control frame with at most 125 bytes of payload, or leaves it to
// the goroutine that is writing.
func (c *conn) sendControl(opcode byte, payload []byte) error {
	c.controls.Lock()
	if c.finished {
		c.controls.Unlock()
		return ErrFinished
	}
	if c.finished = opcode == frame.OpClose; c.finished {
		c.control, c.last = append(c.control, c.last...), nil
	}
	if c.finished || len(c.control)+len(payload)+2 <= maxControl {
		c.control = c.appendWhole(c.control, frame.FinalBit|opcode, payload)
	}
	c.controls.Unlock()
	if c.writing.TryLock() {
		return c.unlock(nil)
	}
	return nil // the goroutine that is writing sends it too
}

// keepLast keeps a message that is written with the close frame, in one packet. It is limited
// as one of Send is.
func (c *conn) keepLast(m *bridge.Message) error {
	c.controls.Lock()
	defer c.controls.Unlock()
	if c.finished {
		return ErrFinished
	}
	c.last = append(frame.AppendHeader(c.last, firstByte(m, false), len(m.Data)), m.Data...)
	return nil
}

// sendClose writes a close frame, after which nothing follows.
func (c *conn) sendClose(code int, reason string) error {
	return c.sendControl(frame.OpClose, closePayload(code, reason))
}

// Send writes a batch of messages as frames.
func (c *conn) Send(batch []bridge.Message) error {
	c.writing.Lock()
	if c.isFinished() {
		return c.unlock(ErrFinished)
	}
	if c.masks {
		return c.unlock(c.sendMasked(batch))
	}
	return c.unlock(c.sendLocked(batch))
}

// sendFrames writes messages that are framed already, as a server's.
func (c *conn) sendFrames(pieces net.Buffers) error {
	c.writing.Lock()
	if c.isFinished() {
		return c.unlock(ErrFinished)
	}
	if c.masks {
		return c.unlock(c.sendFramesMasked(pieces))
	}
	c.rest = pieces
	n, err := c.rest.WriteTo(c.Conn)
	c.rest = nil
	c.out.Add(n)
	return c.unlock(err)
}

func (c *conn) isFinished() bool {
	c.controls.Lock()
	defer c.controls.Unlock()
	return c.finished
}

func (c *conn) sendLocked(batch []bridge.Message) (err error) {
	buf := frames.Get().(*[frameRoom]byte)
	b := buf[:0]
	for i := range batch {
		m := &batch[i]
		if len(m.Data) >= largePayload {
			if b, err = c.write(c.appendFrame(b, m), m.Data); err != nil {
				break
			}
			continue
		}
		if len(b)+frame.MaxHeader+len(m.Data) > frameRoom {
			if b, err = c.write(b, nil); err != nil {
				break
			}
		}
		b = append(c.appendFrame(b, m), m.Data...)
	}
	if err == nil {
		err = c.flush(b)
	}
	frames.Put(buf)
	return err
}

// appendFrame appends the header of a message's frame.
func (c *conn) appendFrame(b []byte, m *bridge.Message) []byte {
	first := firstByte(m, c.middle)
	c.middle = m.More
	return frame.AppendHeader(b, first, len(m.Data))
}

// write writes b and then payload. It returns b emptied, for the next frames.
func (c *conn) write(b, payload []byte) ([]byte, error) {
	var n int64
	var err error
	if len(payload) > 0 {
		c.vector = [2][]byte{b, payload}
		c.rest = c.vector[:]
		n, err = c.rest.WriteTo(c.Conn)
		c.vector = [2][]byte{}
	} else {
		var written int
		written, err = c.Conn.Write(b)
		n = int64(written)
	}
	c.out.Add(n)
	return b[:0], err
}

// unlock writes the control frames put aside and releases writing. It checks once more
// after that: a frame may have been put aside just before the release.
func (c *conn) unlock(err error) error {
	for {
		if taken, last := c.takeControl(); len(taken) > 0 && (err == nil || err == ErrFinished) {
			write := c.Conn.Write
			if last {
				write = c.writeLast
			}
			n, failed := write(taken)
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

// takeControl removes and returns the control frames put aside. last reports whether
// nothing may be written after them.
func (c *conn) takeControl() (taken []byte, last bool) {
	c.controls.Lock()
	defer c.controls.Unlock()
	taken = c.control
	c.control = nil
	return taken, c.finished
}

// settle returns when everything put aside is written, or cannot be.
func (c *conn) settle() error {
	c.writing.Lock()
	return c.unlock(nil)
}

// lingerWait is how long we wait, after our close frame, for the client's.
const lingerWait = 5 * time.Second

// finish closes our half. A write in progress has until wait; nothing is written after
// it. Reading goes on for wait, and longer only while the client acknowledges some of
// the output in flight within patience. Closing earlier, with input unread, would
// destroy that output (RFC 9293 section 3.6.1).
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
	c.unlock(ErrFinished)
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok && first {
		half.CloseWrite()
	}
}

// discard reads until the client has closed its half, or time is up.
func (c *conn) discard() { readbuf.Discard(c) }
