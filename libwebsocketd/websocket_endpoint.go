package libwebsocketd

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// ClosedError is why a conversation ended when the client ended it.
type ClosedError struct {
	Code int // of its close frame; 1005 if it had none, 1006 without a close frame
}

func (e *ClosedError) Error() string {
	if e.Code == closeAbnormal {
		return "client gone"
	}
	return fmt.Sprintf("client closed: %d", e.Code)
}

// refusedError is why we end a conversation: what the client sent cannot be
// taken. It carries the close code.
type refusedError struct {
	code   int
	reason string
}

func (e *refusedError) Error() string { return fmt.Sprintf("closed with %d: %s", e.code, e.reason) }

// WebSocketEndpoint is a client as one side of a conversation.
type WebSocketEndpoint struct {
	ws     *websocket.Conn
	conn   *conn
	reader *bufio.Reader // under ws, to see what has arrived already
	limit  int64         // of a message, in bytes; negative: pieces of any message
	kind   Kind          // the kind of message taken from the client
	log    *slog.Logger
	alive  keepalive
	ctx    context.Context
	cancel context.CancelCauseFunc

	first   []Message // what Receive yields before anything of the client's
	buf     []byte
	batch   []Message
	message io.Reader // streaming: the rest of a message
	tail    []byte    // streaming: the beginning of a character
	ignored bool      // a message of the other kind was met
	err     error     // the final one

	closeOnce sync.Once
}

// newWebSocketEndpoint takes over an upgraded connection. ctx ends the
// conversation from above.
func newWebSocketEndpoint(ctx context.Context, ws *websocket.Conn, c *conn, reader *bufio.Reader, cfg *Config, log *slog.Logger) *WebSocketEndpoint {
	w := &WebSocketEndpoint{ws: ws, conn: c, reader: reader, limit: cfg.MaxFrameSize, kind: Text, log: log}
	if cfg.Binary {
		w.kind = Binary
	}
	w.ctx, w.cancel = context.WithCancelCause(ctx)
	ws.SetCloseHandler(w.echoClose)
	ws.SetReadLimit(cfg.MaxFrameSize) // negative: none
	w.alive = keepalive{
		interval: cfg.PingInterval,
		conn:     c,
		ping:     func() { w.controlFrame(websocket.PingMessage, nil) },
		pong:     func() { w.controlFrame(websocket.PongMessage, nil) },
		die:      w.die,
	}
	w.alive.start()
	return w
}

// Context is done when the client is gone or the server is going away.
func (w *WebSocketEndpoint) Context() context.Context { return w.ctx }

// controlFrame never blocks for long: conn puts control frames aside while the
// client does not take what is being written.
func (w *WebSocketEndpoint) controlFrame(kind int, payload []byte) error {
	return w.ws.WriteControl(kind, payload, time.Now().Add(lingerWait))
}

// die ends the connection at once; there is nobody to say goodbye to.
func (w *WebSocketEndpoint) die(cause error) {
	w.cancel(cause)
	w.conn.Close()
}

// echoClose answers the client's close frame with its own code and no reason
// (RFC 6455 section 5.5.1).
func (w *WebSocketEndpoint) echoClose(code int, _ string) error {
	var payload []byte
	if code != closeNoStatus {
		payload = websocket.FormatCloseMessage(code, "")
	}
	w.controlFrame(websocket.CloseMessage, payload)
	return nil
}

// Receive blocks for the next messages: one, and those that have arrived whole
// behind it. Its error is the final one, after which the connection only waits
// for the client to close.
func (w *WebSocketEndpoint) Receive() ([]Message, error) {
	if first := w.first; first != nil {
		w.first = nil
		return first, nil
	}
	w.alive.receiving()
	defer w.alive.received()
	w.batch, w.buf = w.batch[:0], w.buf[:0]
	if cap(w.buf) > largeBuffer {
		w.buf = nil
	}
	for w.err == nil {
		if w.err = w.read(); w.err != nil {
			break
		}
		if len(w.batch) > 0 && (len(w.buf) >= chunkSize || !wholeFrame(w.reader)) {
			break
		}
	}
	if len(w.batch) > 0 { // what was whole before an error counts
		return w.batch, nil
	}
	return nil, w.end(w.err)
}

// largeBuffer is what a connection keeps at most for the next message.
const largeBuffer = 4 * chunkSize

// end says goodbye if there is something to say, and waits for the client's own
// end. Whoever waits on Context is told first: the program need not wait.
func (w *WebSocketEndpoint) end(err error) error {
	var refused *refusedError
	var closed *websocket.CloseError
	cause := error(&ClosedError{Code: closeAbnormal})
	switch {
	case errors.As(err, &refused):
		cause = refused
		w.controlFrame(websocket.CloseMessage, websocket.FormatCloseMessage(refused.code, refused.reason))
	case errors.As(err, &closed) && closed.Code != closeAbnormal:
		cause = &ClosedError{Code: closed.Code}
	// In the other cases gorilla has told the client what was wrong, but for a
	// length that is none.
	case errors.Is(err, websocket.ErrReadLimit):
		cause = &refusedError{closeMessageTooBig, fmt.Sprintf("message over --maxframesize=%d", w.limit)}
		w.controlFrame(websocket.CloseMessage, websocket.FormatCloseMessage(closeMessageTooBig, ""))
	case w.conn.isFinished():
		cause = &refusedError{closeProtocolError, err.Error()}
	}
	w.cancel(cause)
	w.conn.finish(lingerWait, w.patience())
	w.conn.discard()
	return cause
}

// patience is how long a client may take nothing of the output it was sent
// before its connection is given up: as long as one that must be written to.
func (w *WebSocketEndpoint) patience() time.Duration {
	if w.alive.interval > 0 {
		return 2 * w.alive.interval
	}
	return 2 * DefaultPingInterval
}

// Send writes a batch in as few writes as it takes.
func (w *WebSocketEndpoint) Send(batch []Message) error {
	err := w.conn.send(batch)
	if err != nil && !errors.Is(err, errFinished) {
		w.die(&ClosedError{Code: closeAbnormal})
	}
	return err
}

// CloseSend sends the close frame for cause, unless one was sent before, and
// closes our half of the connection. Receive then ends within lingerWait.
func (w *WebSocketEndpoint) CloseSend(cause error) error {
	code, reason := closing(cause)
	err := w.controlFrame(websocket.CloseMessage, websocket.FormatCloseMessage(code, reason))
	if err == nil {
		err = w.conn.settle()
	}
	if errors.Is(cause, ErrGoingAway) {
		w.conn.finish(lingerWait/5, 0)
	} else {
		w.conn.finish(lingerWait, w.patience())
	}
	return err
}

// Close ends the connection. It says nothing to the client; see CloseSend.
func (w *WebSocketEndpoint) Close() error {
	w.closeOnce.Do(func() {
		w.cancel(&ClosedError{Code: closeAbnormal})
		w.conn.Close()
		w.alive.stop()
	})
	return nil
}
