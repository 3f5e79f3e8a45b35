package ws

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/gate"
	"websocketd/libwebsocketd/internal/frame"
	"websocketd/libwebsocketd/internal/readbuf"
	"websocketd/libwebsocketd/internal/socket"
	"websocketd/libwebsocketd/logging"
)

// ReceiveEach calls each with every batch, as Pipe prefers it to Receive: between two
// messages it need not leave the wait for the client.
func (w *Endpoint) ReceiveEach(each func([]bridge.Message)) error {
	use := func() (leave bool) {
		w.alive.received()
		defer w.alive.receiving()
		return !readbuf.EachArrived(w.frames, each)
	}
	for {
		batch, err := w.Receive()
		if err != nil {
			return err
		}
		each(batch)
		if w.frames.throttle == nil {
			w.conn.Stay(use)
		}
	}
}

// Endpoint is a client as one side of a conversation or, if Dial returned it, a server.
type Endpoint struct {
	conn   *conn
	frames *frameReader
	log    *slog.Logger
	header http.Header // of the server's answer, if Dial was called
	alive  keepalive
	ctx    context.Context
	cancel context.CancelCauseFunc
	died   atomic.Bool // no close frame is sent any more

	release atomic.Pointer[context.CancelFunc] // ends the wait for a message that is held back; nil without a throttle

	share    *gate.Share          // of the memory for messages; nil without a budget
	spared   int                  // bytes of a message that need none of it
	tooSlow  atomic.Bool          // set by late: others wait for memory this client holds
	looked   bool                 // late was called before,
	read     int64                // when this many bytes had been read
	pong     func(payload []byte) // may be nil
	embedded bool                 // Options.Embedded
	resume   string               // Options.Resume
	leaving  func()               // called before the client's close is answered
	first    []bridge.Message     // what Receive returns before anything of the client's
	pieces   [][]byte             // of what is being delivered

	receipts atomic.Pointer[receipts] // nil if the program does not ask what the client has

	closeOnce sync.Once
}

var _ bridge.Confirming = (*Endpoint)(nil)

// Options say how a client is bridged.
type Options struct {
	MaxMessage   int64            // bytes of one message; negative streams without limit
	PingInterval time.Duration    // not positive: no pings and no liveness check
	Takes        bridge.Kind      // the kinds of messages that are accepted
	Other        func() error     // called once at a message of the other kind; nil: it is ignored and logged
	First        []bridge.Message // what Receive returns before anything of the client's
	BoundUnsent  bool             // keep the system from buffering megabytes for a client that reads nothing
	Memory       *gate.Budget     // what has come of the client's messages counts against it; nil: nothing does
	Throttle     *gate.Throttle   // holds back the client's messages; nil: nothing does
	Leaving      func()           // called before the client's close is answered, and at any other end; may be nil
	Embedded     bool             // the client is not told of flags: there is no command that has them
	Resume       string           // how to go on where another server does; ends the reason of 1001

	// Pong is called with the payload of every pong, by the goroutine that receives; the
	// payload is valid until it returns. Pings of the keep-alive have none, or a decimal
	// number if the program is a [bridge.Confirmer]. May be nil.
	Pong func(payload []byte)

	Log *slog.Logger
}

// newEndpoint returns an Endpoint for an upgraded connection. When ctx is done the
// Endpoint's Context is done too.
func newEndpoint(ctx context.Context, c *conn, o Options) *Endpoint {
	w := &Endpoint{conn: c, frames: newFrameReader(c, o.MaxMessage, o.Takes), log: o.Log, leaving: o.Leaving, pong: o.Pong, first: o.First, embedded: o.Embedded, resume: o.Resume}
	w.frames.control, w.frames.other, w.frames.plain = w.answer, o.Other, c.masks
	if o.Other == nil {
		w.frames.other = w.ignore
	}
	if o.Leaving == nil {
		w.leaving = func() {}
	}
	if o.BoundUnsent {
		c.boundUnsent()
	}
	if o.Memory != nil {
		w.countMessages(o.Memory)
	}
	w.ctx, w.cancel = context.WithCancelCause(ctx)
	if o.Throttle != nil {
		w.holdBack(o.Throttle)
	}
	w.alive = keepalive{interval: o.PingInterval, conn: c, send: w.sendAlive, die: w.die}
	w.alive.start()
	return w
}

// Adopt makes Throttle and Leaving of the Options those of the client, where a Dialect learns
// later than at the handshake which program it is for. Either may be nil. Messages that have
// arrived already are not counted. It must be called by
// the goroutine that receives, between two calls of Receive.
func (w *Endpoint) Adopt(throttle *gate.Throttle, leaving func()) {
	if leaving != nil {
		w.leaving = leaving
	}
	if throttle != nil {
		w.holdBack(throttle)
	}
}

// Context returns a context that is done when the client is gone or the server is going
// away.
func (w *Endpoint) Context() context.Context { return w.ctx }

// die breaks the connection at once, without a close frame: the client is gone, or finds
// that its connection was lost.
func (w *Endpoint) die(cause error) {
	w.died.Store(true)
	w.cancel(cause)
	w.conn.Close()
}

// answer handles a control frame of the client. A ping gets its payload back (RFC 6455
// section 5.5.2), a close frame its own code without a reason (5.5.1).
func (w *Endpoint) answer(opcode byte, payload []byte) error {
	switch opcode {
	case frame.OpPing:
		w.conn.sendControl(frame.OpPong, payload)
	case frame.OpPong:
		if r := w.receipts.Load(); r != nil {
			r.pong(payload)
		}
		if w.pong != nil {
			w.pong(payload)
		}
	case frame.OpClose:
		return w.answerClose(payload)
	}
	return nil
}

// answerClose answers a close frame, and returns it as an error: that of a server, which
// Dial has connected to, as a CloseWith, or a loss if a message has not ended.
func (w *Endpoint) answerClose(payload []byte) error {
	code, err := closeCode(payload)
	if err != nil {
		return err
	}
	w.leaving()
	if r := w.receipts.Load(); w.conn.sendClose(code, "") == ErrFinished && r != nil {
		r.closed(code)
	}
	switch {
	case w.conn.masks && code == bridge.CloseNormal && w.frames.open: // in the midst of a message
		return &bridge.CloseError{Code: bridge.CloseAbnormal}
	case w.conn.masks:
		return &bridge.CloseWith{Code: code, Reason: string(payload[min(2, len(payload)):])}
	}
	return &bridge.CloseError{Code: code}
}

// Ping sends a ping with at most 125 bytes of payload, which comes back in a pong (RFC
// 6455 section 5.5.2). It may be called from any goroutine. During another write the ping
// is put aside for the goroutine that writes, and dropped if 4 KiB are put aside already.
// Otherwise Ping blocks as Send does for a client that reads nothing. A number as payload
// could be taken for one of ours if the program is a [bridge.Confirmer].
func (w *Endpoint) Ping(payload []byte) error {
	return w.conn.sendControl(frame.OpPing, payload[:min(len(payload), maxControlPayload)])
}

// sendAlive sends a ping or pong of the keep-alive. The pong that answers a ping confirms
// output, if the program asks for that.
func (w *Endpoint) sendAlive(opcode byte, payload []byte) error {
	if r := w.receipts.Load(); r != nil && opcode == frame.OpPing {
		var room [numberRoom]byte
		payload = r.number(room[:0])
	}
	return w.conn.sendControl(opcode, payload)
}

// ignore logs that messages of the kind this program does not take are ignored. It is
// called at the first of them.
func (w *Endpoint) ignore() error {
	taken, other := "text", "binary"
	if w.frames.takes == bridge.Binary {
		taken, other = other, taken
	}
	logging.At(w.log, logging.LevelError, "websocket", fmt.Sprintf("ignoring %s messages: this program takes %s ones (see --binary)", other, taken))
	return nil
}

// Receive blocks until messages have arrived. An error is final, and is returned when
// the client has closed its half or the time for that is up.
func (w *Endpoint) Receive() ([]bridge.Message, error) {
	w.alive.receiving()
	defer w.alive.received()
	if first := w.first; first != nil {
		w.first = nil
		return first, nil
	}
	batch, err := w.frames.Next()
	if err != nil {
		err = w.end(err)
	}
	return batch, err
}

// Parts returns a number that grows while a message of a server comes that Dial has
// connected to and that has not come whole. Pings and pongs do not count.
func (w *Endpoint) Parts() int64 { return w.frames.parts.Load() }

// end sends a close frame if the client is to be sent a reason, and waits until the
// client has closed its half. Context is done before that wait: the program need not
// wait too.
func (w *Endpoint) end(err error) error {
	cause := error(&bridge.CloseError{Code: bridge.CloseAbnormal})
	if w.tooSlow.Load() && errors.Is(err, os.ErrDeadlineExceeded) { // and no end of another kind came first
		err = &bridge.RefusedError{Code: bridge.ClosePolicyViolation, Reason: ErrTooSlow.Error()}
	}
	if err == errTooBig {
		err = &bridge.RefusedError{Code: bridge.CloseMessageTooBig, Reason: w.tooBig()}
	}
	w.leaving()
	if w.share != nil {
		w.share.Free()
	}
	switch err := err.(type) {
	case *bridge.RefusedError:
		cause = err
		w.conn.sendClose(err.Code, err.Reason)
	case *bridge.CloseError, *bridge.CloseWith:
		cause = err
	}
	w.cancel(cause)
	if err != errHeldBack {
		w.conn.finish(lingerWait, w.patience())
	}
	w.conn.discard()
	return cause
}

// tooBig returns why a message is refused that is longer than the limit.
func (w *Endpoint) tooBig() string {
	switch limit := w.frames.limit; {
	case limit < 0:
		return "message over 2^63 bytes"
	case w.conn.masks, w.embedded:
		return fmt.Sprintf("message over %d bytes", limit)
	default:
		return fmt.Sprintf("message over --maxframesize=%d", limit)
	}
}

// longPatience is how long a client without pings may acknowledge nothing.
const longPatience = time.Minute

// patience returns how long output in flight may stay unacknowledged before the
// connection is closed.
func (w *Endpoint) patience() time.Duration {
	if w.alive.interval > 0 {
		return 2 * w.alive.interval
	}
	return longPatience
}

// Send writes a batch in as few writes as possible.
func (w *Endpoint) Send(batch []bridge.Message) error { return w.sent(w.conn.Send(batch)) }

// SendLast sends a message together with the close frame, when CloseSend is called: the client
// is woken once for both. Only a server's endpoint may send so.
func (w *Endpoint) SendLast(m bridge.Message) error { return w.conn.keepLast(&m) }

// Deliver writes deliveries of a Broadcast without copying them. A Note becomes a text
// message.
func (w *Endpoint) Deliver(deliveries []bridge.Delivery) error {
	w.pieces = w.pieces[:0]
	for i := range deliveries {
		chunk := deliveries[i].Chunk
		if chunk == nil {
			chunk = bridge.NewChunk([]bridge.Message{{Kind: bridge.Text, Data: []byte(deliveries[i].Note.String())}})
		}
		w.pieces = append(w.pieces, chunk.From(deliveries[i].Skip))
	}
	r := w.receipts.Load()
	if r != nil {
		w.pieces = r.begin(w.pieces, bridge.Last(deliveries))
	}
	defer clear(w.pieces) // an endpoint that waits holds no chunk
	err := w.conn.sendFrames(w.pieces)
	if r != nil && err == nil {
		r.written()
	}
	return w.sent(err)
}

// BytesAcked returns the bytes that the client's system has acknowledged, where that is
// known, else those that ours has accepted. See [bridge.Listener].
func (w *Endpoint) BytesAcked() (count int64, rest bool) {
	return w.conn.acknowledged(), socket.Owed(w.conn.Conn)
}

// sent returns the error of a write, after breaking the connection if the write failed.
func (w *Endpoint) sent(err error) error {
	if err != nil && !errors.Is(err, ErrFinished) {
		w.die(&bridge.CloseError{Code: bridge.CloseAbnormal})
	}
	return err
}

// CloseSend sends the close frame for cause, unless one was sent before, and
// closes our half of the connection. Receive then ends within lingerWait. A
// refusal of what the client sent also ends the conversation on its account.
//
// Towards a server that Dial has connected to, nil is 1000, and [io.EOF] does nothing: a
// WebSocket has no half-close, and the server's answers may still be to come.
func (w *Endpoint) CloseSend(cause error) error {
	if w.conn.masks && cause == io.EOF {
		return nil
	}
	code, reason := bridge.Closing(cause)
	if w.conn.masks && cause == nil {
		code, reason = bridge.CloseNormal, ""
	}
	if code == bridge.CloseGoingAway {
		reason += w.resume
	}
	if r := w.receipts.Load(); r != nil {
		r.closing(code, cause)
	}
	err := error(ErrFinished)
	if !w.died.Load() {
		err = w.conn.sendClose(code, reason)
	}
	var refused *bridge.RefusedError
	isRefusal := errors.As(cause, &refused)
	if isRefusal {
		w.cancel(cause) // perhaps during a Send, to which finish sets a deadline
	}
	if release := w.release.Load(); release != nil {
		(*release)()
	}
	if !isRefusal && err == nil {
		err = w.conn.settle()
	}
	if errors.Is(cause, bridge.ErrGoingAway) {
		w.conn.finish(lingerWait/5, 0)
	} else {
		w.conn.finish(lingerWait, w.patience())
	}
	return err
}

// Close breaks the connection. It sends no close frame; see CloseSend.
func (w *Endpoint) Close() error {
	w.closeOnce.Do(func() {
		w.cancel(&bridge.CloseError{Code: bridge.CloseAbnormal})
		w.conn.Close()
		w.alive.stop()
		if r := w.receipts.Load(); r != nil {
			r.stop()
		}
	})
	return nil
}
