package ws

import (
	"bufio"
	"context"
	"net"
	"net/http"
	"time"

	"github.com/gorilla/websocket"
)

// handshakeWait bounds the write of the 101.
const handshakeWait = 1500 * time.Millisecond

// Upgrade answers 101, takes the connection over and returns its Endpoint. The request
// must have been checked: an error here means that the connection is gone.
func Upgrade(ctx context.Context, w http.ResponseWriter, r *http.Request, header http.Header, o Options) (*Endpoint, error) {
	c, err := takeOver(w, r, header)
	if err != nil {
		return nil, err
	}
	return newEndpoint(ctx, c, o), nil
}

// takeOver does what Upgrade does, and returns the bare connection.
func takeOver(w http.ResponseWriter, r *http.Request, header http.Header) (*conn, error) {
	h := &hijack{ResponseWriter: w, hijacker: Hijacker(w)}
	upgrader := websocket.Upgrader{
		HandshakeTimeout: handshakeWait,
		CheckOrigin:      func(*http.Request) bool { return true }, // admitted already
		ReadBufferSize:   1,                                        // its reader is not used
	}
	if _, err := upgrader.Upgrade(h, r, header); err != nil {
		return nil, err
	}
	return newConn(h.conn, h.ahead), nil
}

// Hijacker returns the http.Hijacker in w: w itself, or what a middleware has wrapped;
// nil if there is none.
func Hijacker(w http.ResponseWriter) http.Hijacker {
	for {
		switch inner := w.(type) {
		case http.Hijacker:
			return inner
		case interface{ Unwrap() http.ResponseWriter }:
			w = inner.Unwrap()
		default:
			return nil
		}
	}
}

// hijack takes the connection from net/http, and what net/http had read after the
// handshake: a client may send its first frame in the same packet. gorilla does only
// the handshake; frames are ours.
type hijack struct {
	http.ResponseWriter
	hijacker http.Hijacker
	conn     net.Conn
	ahead    []byte
}

// Hijack implements http.Hijacker.
func (h *hijack) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	raw, rw, err := h.hijacker.Hijack()
	if err != nil {
		return nil, nil, err
	}
	if c, ok := raw.(interface{ Hijacked() net.Conn }); ok {
		raw = c.Hijacked()
	}
	h.conn = raw
	if n := rw.Reader.Buffered(); n > 0 {
		ahead, _ := rw.Reader.Peek(n)
		h.ahead = append(h.ahead, ahead...)
		rw.Reader.Discard(n)
	}
	return raw, rw, nil
}
